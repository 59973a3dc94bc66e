//! Why a member is refused.

use thiserror::Error;

use crate::{GrantRefusal, RefusalClass, field::InvalidField};

/// Why a member is refused.
#[derive(Clone, Debug, Error)]
pub enum Refusal {
    /// A parameter breaks a rule of its own.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// There is no such member.
    #[error("there is no such member")]
    Missing {
        /// The parameter that named it.
        param: &'static str,
    },
    /// The person is a member already.
    #[error("this person is a member already")]
    MemberExists,
    /// An environment keeps at least one owner.
    #[error("the last owner cannot be removed or given another role")]
    LastOwner,
    /// An environment has a bounded number of members.
    #[error("there are too many members already")]
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
            Self::MemberExists => "member_exists",
            Self::LastOwner => "last_owner",
            Self::LimitReached => "limit_reached",
            Self::Grant(refusal) => refusal.code(),
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param } => Some(param),
            Self::MemberExists => Some("subject"),
            Self::LastOwner | Self::LimitReached => None,
            Self::Grant(refusal) => refusal.param(),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(_) | Self::LimitReached => RefusalClass::Invalid,
            Self::Missing { .. } => RefusalClass::Missing,
            Self::MemberExists | Self::LastOwner => RefusalClass::Conflict,
            Self::Grant(refusal) => refusal.class(),
        }
    }
}
