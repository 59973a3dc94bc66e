//! How statements write sums and times in text.

use std::borrow::Cow;

use kernel::Currency;
use time::{OffsetDateTime, UtcOffset};

/// Minor units as a decimal number with the digits of the currency: `-12.05`, `500`, `1.250`.
pub(super) fn decimal(minor: i128, currency: Currency) -> String {
    let exponent = usize::from(currency.exponent());
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent.saturating_add(1));
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(exponent));
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A moment in UTC, as ISO 8601, RFC 3339 and XML Schema write it.
pub(super) fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let seconds = format!("{}T{:0>2}:{:0>2}:{:0>2}", at.date(), at.hour(), at.minute(), at.second());
    match at.microsecond() {
        0 => format!("{seconds}Z"),
        microsecond => format!("{seconds}.{microsecond:0>6}Z"),
    }
}

/// Text with what XML 1.0 cannot hold replaced.
pub(super) fn without_forbidden(text: &str) -> Cow<'_, str> {
    let allowed = |character: char| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    };
    if text.chars().all(allowed) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|character| if allowed(character) { character } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn sums_are_written_with_the_digits_of_their_currency() {
        let cases = [
            ("eur", 0, "0.00"),
            ("eur", 5, "0.05"),
            ("eur", -5, "-0.05"),
            ("eur", 123_456, "1234.56"),
            ("jpy", 0, "0"),
            ("jpy", -500, "-500"),
            ("bhd", 1_250, "1.250"),
            ("bhd", 1, "0.001"),
            ("clf", 12_345, "1.2345"),
            ("eur", i128::from(i64::MIN), "-92233720368547758.08"),
        ];
        for (currency, minor, expected) in cases {
            assert_eq!(decimal(minor, currency.parse().unwrap()), expected, "{minor} {currency}");
        }
    }

    #[test]
    fn moments_are_in_utc_and_exact() {
        assert_eq!(moment(datetime!(1993-01-05 0:00 UTC)), "1993-01-05T00:00:00Z");
        assert_eq!(moment(datetime!(2026-01-01 1:02:03.000450 +2)), "2025-12-31T23:02:03.000450Z");
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(without_forbidden("a & <b>\u{e9}\u{1f600}"), "a & <b>\u{e9}\u{1f600}");
        assert_eq!(without_forbidden("a\u{1}b\u{ffff}c\u{0}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
    }
}
