//! A daily span of hours in UTC, which may run over midnight.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::attribute::Hour;

/// From the full hour `from` until just before the full hour `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "HoursForm")]
pub struct Hours {
    from: u8,
    to: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursForm {
    from: u8,
    to: u8,
}

/// The numbers make no span.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("`from` is an hour from 0 to 23, `to` one from 0 to 24, and they differ")]
pub struct HoursError;

impl Hours {
    /// Checks the bounds.
    pub const fn try_new(from: u8, to: u8) -> Result<Self, HoursError> {
        if from < 24 && to <= 24 && from != to { Ok(Self { from, to }) } else { Err(HoursError) }
    }

    /// The first hour.
    pub const fn from(self) -> u8 {
        self.from
    }

    /// The hour after the last.
    pub const fn to(self) -> u8 {
        self.to
    }

    /// Whether the span runs over midnight.
    pub const fn wraps(self) -> bool {
        self.from > self.to
    }

    /// Whether the hour lies in the span.
    pub const fn contains(self, hour: Hour) -> bool {
        let hour = hour.get();
        if self.wraps() { hour >= self.from || hour < self.to } else { hour >= self.from && hour < self.to }
    }

    /// Whether every hour of `narrower` lies in this span.
    pub fn covers(self, narrower: Self) -> bool {
        (0..24).filter_map(|hour| Hour::try_from(hour).ok()).all(|hour| self.contains(hour) || !narrower.contains(hour))
    }
}

impl TryFrom<HoursForm> for Hours {
    type Error = HoursError;

    fn try_from(form: HoursForm) -> Result<Self, Self::Error> {
        Self::try_new(form.from, form.to)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:00 to {:02}:00", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_includes_its_start_and_not_its_end_and_may_wrap() {
        let within = |from, to| {
            let hours = Hours::try_new(from, to).unwrap();
            (0..24).filter(|hour| hours.contains(Hour::try_from(*hour).unwrap())).collect::<Vec<u8>>()
        };
        assert_eq!(within(8, 11), [8, 9, 10]);
        assert_eq!(within(22, 2), [0, 1, 22, 23]);
        assert_eq!(within(23, 0), [23]);
        assert_eq!(within(0, 24).len(), 24);
        for (from, to) in [(24, 1), (0, 25), (5, 5), (255, 3)] {
            assert_eq!(Hours::try_new(from, to), Err(HoursError));
        }
    }
}
