//! Why there is no statement.

use ledger::history::ENTRIES_LISTED_MAX;
use thiserror::Error;

use super::DAYS_MAX;
use crate::{RefusalClass, field::InvalidField};

/// Why there is no statement.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// A parameter breaks a rule of its own.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// There is no such object, or not for this actor.
    #[error("there is no such {object}")]
    Missing {
        /// What was looked for.
        object: &'static str,
        /// The parameter that named it.
        param: &'static str,
    },
    /// The day has not come yet, in UTC.
    #[error("{param} is a day in the future")]
    InFuture {
        /// Which day.
        param: &'static str,
    },
    /// The last day is before the first.
    #[error("to is a day before from")]
    EndsBeforeStart,
    /// Too many days.
    #[error("a statement covers at most {DAYS_MAX} days")]
    TooLong,
    /// Too many movements that were not booked in the order in which they count.
    #[error("more than {ENTRIES_LISTED_MAX} movements; ask for fewer days")]
    TooLarge,
    /// ISO 20022 writes amounts with 18 digits.
    #[error("a sum of this statement has more digits than ISO 20022 has room for")]
    TooManyDigits,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(field) => field.code(),
            Self::Missing { .. } => "resource_missing",
            Self::InFuture { .. } => "period_in_future",
            Self::EndsBeforeStart => "period_invalid",
            Self::TooLong => "period_too_long",
            Self::TooLarge => "statement_too_large",
            Self::TooManyDigits => "amount_not_representable",
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param, .. } | Self::InFuture { param } => Some(param),
            Self::EndsBeforeStart | Self::TooLong | Self::TooLarge => Some("to"),
            Self::TooManyDigits => Some("format"),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Missing { .. } => RefusalClass::Missing,
            Self::Invalid(_)
            | Self::InFuture { .. }
            | Self::EndsBeforeStart
            | Self::TooLong
            | Self::TooLarge
            | Self::TooManyDigits => RefusalClass::Invalid,
        }
    }
}
