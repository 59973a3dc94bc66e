//! Why an audit record is refused.

use thiserror::Error;

use crate::RefusalClass;

/// Why an audit record is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such record.
    #[error("there is no such audit record")]
    Missing {
        /// The parameter that named it.
        param: &'static str,
    },
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "resource_missing",
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Missing { param } => Some(param),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Missing { .. } => RefusalClass::Missing,
        }
    }
}
