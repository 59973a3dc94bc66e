//! Values as the files write them. Amounts are exact decimals and become integers of haléře; no float is involved.

use kernel::Amount;
use time::{Date, Month};

/// All of the data set's two-digit years are of this century.
const CENTURY: i32 = 1900;
/// Haléře of a crown.
const MINOR_OF_MAJOR: i64 = 100;
const DECIMALS_MAX: usize = 2;
/// Added to the month of birth in a woman's birth number.
const WOMAN_MONTH_OFFSET: u8 = 50;

/// Crowns with up to two decimals, in haléře.
pub(super) fn minor(text: &str) -> Option<i64> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(decimals) || decimals.len() > DECIMALS_MAX {
        return None;
    }
    let cents: i64 = format!("{decimals:0<DECIMALS_MAX$}").parse().ok()?;
    let minor = whole.parse::<i64>().ok()?.checked_mul(MINOR_OF_MAJOR)?.checked_add(cents)?;
    (minor <= Amount::MAX_MINOR).then_some(if is_negative { -minor } else { minor })
}

/// `YYMMDD`.
pub(super) fn date(text: &str) -> Option<Date> {
    let [year, month, day] = pairs(text)?;
    calendar_date(year, month, day)
}

/// Whether the text is a birth number: `YYMMDD`, a woman's month with 50 added.
pub(super) fn is_birth_number(text: &str) -> bool {
    pairs(text).is_some_and(|[year, month, day]| {
        let month = month.checked_sub(WOMAN_MONTH_OFFSET).unwrap_or(month);
        calendar_date(year, month, day).is_some()
    })
}

fn pairs(text: &str) -> Option<[u8; 3]> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let pair = |start: usize| text.get(start..start + 2)?.parse::<u8>().ok();
    Some([pair(0)?, pair(2)?, pair(4)?])
}

fn calendar_date(year: u8, month: u8, day: u8) -> Option<Date> {
    Date::from_calendar_date(CENTURY + i32::from(year), Month::try_from(month).ok()?, day).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn amounts_are_exact() {
        let cases = [
            ("700.00", Some(70_000)),
            ("0.10", Some(10)),
            ("0.1", Some(10)),
            ("1000", Some(100_000)),
            ("-5446.60", Some(-544_660)),
            ("90071992547409.91", Some(Amount::MAX_MINOR)),
            ("90071992547409.92", None),
            ("99999999999999999999", None),
            ("1.234", None),
            ("1.", None),
            (".5", None),
            ("1e3", None),
            ("+1.00", None),
            ("--1.00", None),
            ("1,00", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(minor(text), expected, "{text:?}");
        }
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        assert_eq!(super::date("930101"), Some(date!(1993 - 01 - 01)));
        assert_eq!(super::date("960229"), Some(date!(1996 - 02 - 29)));
        for bad in ["930229", "931301", "93011", "9301011", "9301x1", ""] {
            assert_eq!(super::date(bad), None, "{bad}");
        }
    }

    #[test]
    fn birth_numbers_hold_a_day_of_birth() {
        assert!(is_birth_number("706213"));
        assert!(is_birth_number("450204"));
        assert!(!is_birth_number("453204"));
        assert!(!is_birth_number("456304"));
        assert!(!is_birth_number("4502044"));
    }
}
