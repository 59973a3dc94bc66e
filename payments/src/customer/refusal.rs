//! Why a customer is refused.

use thiserror::Error;

use crate::{RefusalClass, field::InvalidField};

/// Why a customer is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// A parameter breaks a rule of its own.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// There is no such customer, or not for this actor.
    #[error("there is no such customer")]
    Missing {
        /// The parameter that named it.
        param: &'static str,
    },
    /// A customer is linked to this person already.
    #[error("a customer is linked to this person already")]
    CustomerExists,
    /// The actor may only make his own customer, and there is no person behind his credential.
    #[error("this credential stands for no person who could be a customer")]
    IdentityRequired,
    /// The actor may only make his own customer and asked for a link to somebody else.
    #[error("this credential can only be linked to its own person")]
    ForeignSubject,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(field) => field.code(),
            Self::Missing { .. } => "resource_missing",
            Self::CustomerExists => "customer_exists",
            Self::IdentityRequired => "identity_required",
            Self::ForeignSubject => "parameter_invalid",
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param } => Some(param),
            Self::CustomerExists | Self::ForeignSubject => Some("identity"),
            Self::IdentityRequired => None,
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(_) | Self::ForeignSubject => RefusalClass::Invalid,
            Self::Missing { .. } => RefusalClass::Missing,
            Self::CustomerExists => RefusalClass::Conflict,
            Self::IdentityRequired => RefusalClass::Denied,
        }
    }
}
