//! The days of a statement.

use time::{Date, Month, OffsetDateTime, Time};

use super::Refusal;
use crate::field::Problem;

/// Most days of one statement.
pub const DAYS_MAX: i64 = 400;

/// From one day to another, both included, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Date,
    to: Date,
}

impl Period {
    /// The period between two days written `YYYY-MM-DD`, of which none is behind `today`.
    pub fn parse(from: &str, to: &str, today: Date) -> Result<Self, Refusal> {
        let period = Self { from: day("from", from)?, to: day("to", to)? };
        for (param, day) in [("from", period.from), ("to", period.to)] {
            if day > today {
                return Err(Refusal::InFuture { param });
            }
        }
        if period.to < period.from {
            return Err(Refusal::EndsBeforeStart);
        }
        if period.days() > DAYS_MAX { Err(Refusal::TooLong) } else { Ok(period) }
    }

    /// The first day.
    pub const fn from(self) -> Date {
        self.from
    }

    /// The last day.
    pub const fn to(self) -> Date {
        self.to
    }

    /// The first moment.
    pub const fn start(self) -> OffsetDateTime {
        self.from.with_time(Time::MIDNIGHT).assume_utc()
    }

    /// The first moment behind it.
    pub fn end(self) -> OffsetDateTime {
        // The last day of the calendar has no next one, and is never behind us.
        self.to.next_day().unwrap_or(Date::MAX).with_time(Time::MIDNIGHT).assume_utc()
    }

    fn days(self) -> i64 {
        (self.to - self.from).whole_days().saturating_add(1)
    }
}

/// Exactly ten characters: no sign, no spaces, no time of day.
fn day(param: &'static str, text: &str) -> Result<Date, Refusal> {
    parsed(text).ok_or_else(|| {
        Problem::Malformed { expected: "a day in the form YYYY-MM-DD, such as 2026-01-31" }.of(param).into()
    })
}

fn parsed(text: &str) -> Option<Date> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return None;
    }
    let mut parts = text.split('-');
    let year: i32 = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day: u8 = parts.next()?.parse().ok()?;
    // There is no year 0 on a statement, nor in XML Schema.
    if year == 0 {
        return None;
    }
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;
    use crate::Refusal as _;

    const TODAY: Date = date!(2026 - 03 - 01);

    fn refused(from: &str, to: &str) -> (&'static str, Option<&'static str>) {
        let refusal = Period::parse(from, to, TODAY).unwrap_err();
        (refusal.code(), refusal.param())
    }

    #[test]
    fn both_days_are_included_and_days_are_of_utc() {
        let period = Period::parse("2024-02-28", "2024-02-29", TODAY).unwrap();
        assert_eq!(period.start(), datetime!(2024-02-28 0:00 UTC));
        assert_eq!(period.end(), datetime!(2024-03-01 0:00 UTC));
        let today = Period::parse("2026-03-01", "2026-03-01", TODAY).unwrap();
        assert_eq!(today.end(), datetime!(2026-03-02 0:00 UTC));
    }

    #[test]
    fn what_is_no_day_is_refused_by_name() {
        for bad in [
            "",
            "2026",
            "2026-1-1",
            "2026-02-30",
            "2025-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "26-01-01",
            "2026/01/01",
            "2026-01-01T00:00:00Z",
            " 2026-01-01",
            "+026-01-01",
            "-026-01-01",
            "0000-01-01",
            "20260101",
            "today",
            "2026-01-0\u{661}",
            "\u{662}026-01-01",
        ] {
            assert_eq!(refused(bad, "2026-01-01"), ("parameter_invalid", Some("from")), "{bad:?}");
            assert_eq!(refused("2026-01-01", bad), ("parameter_invalid", Some("to")), "{bad:?}");
        }
    }

    #[test]
    fn a_period_is_past_forward_and_bounded() {
        assert_eq!(refused("2026-03-02", "2026-03-02"), ("period_in_future", Some("from")));
        assert_eq!(refused("2026-03-01", "2026-03-02"), ("period_in_future", Some("to")));
        assert_eq!(refused("2026-01-02", "2026-01-01"), ("period_invalid", Some("to")));
        assert!(Period::parse("2025-01-01", "2026-02-04", TODAY).is_ok(), "400 days");
        assert_eq!(refused("2025-01-01", "2026-02-05"), ("period_too_long", Some("to")));
        assert_eq!(refused("0001-01-01", "2026-02-05"), ("period_too_long", Some("to")));
    }
}
