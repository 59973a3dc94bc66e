//! Why a key is refused.

use thiserror::Error;

use crate::{GrantRefusal, RefusalClass, field::InvalidField};

/// Why a key is refused.
#[derive(Clone, Debug, Error)]
pub enum Refusal {
    /// A parameter breaks a rule of its own.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// There is no such key.
    #[error("there is no such API key")]
    Missing {
        /// The parameter that named it.
        param: &'static str,
    },
    /// An environment has a bounded number of keys.
    #[error("there are too many API keys already; delete one first")]
    LimitReached,
    /// The role cannot be given or taken away.
    #[error(transparent)]
    Grant(#[from] GrantRefusal),
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(field) => field.code(),
            Self::Missing { .. } => "resource_missing",
            Self::LimitReached => "limit_reached",
            Self::Grant(refusal) => refusal.code(),
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param } => Some(param),
            Self::LimitReached => None,
            Self::Grant(refusal) => refusal.param(),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(_) | Self::LimitReached => RefusalClass::Invalid,
            Self::Missing { .. } => RefusalClass::Missing,
            Self::Grant(refusal) => refusal.class(),
        }
    }
}
