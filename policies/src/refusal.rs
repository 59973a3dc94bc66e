//! Why a subject may not: one list for the audit log and the edge.

use std::sync::Arc;

use thiserror::Error;

use crate::live::LoadError;

/// A decision against. Anything that goes wrong while deciding is one too.
#[derive(Clone, Debug, Error)]
pub enum Refusal {
    /// A field of the question is empty.
    #[error("the {field} is empty")]
    EmptyField {
        /// Which field.
        field: &'static str,
    },
    /// A field of the question is no name: a wildcard, `::` or other foreign characters.
    #[error("the {field} is not a name")]
    MalformedName {
        /// Which field.
        field: &'static str,
    },
    /// The domain knows no such role.
    #[error("the role is not known here")]
    UnknownRole,
    /// There is no such object and action.
    #[error("there is no such action")]
    UnknownAction,
    /// The subject belongs to another domain than the policies asked.
    #[error("the subject belongs to another domain")]
    ForeignDomain,
    /// No rule of the role speaks of the action.
    #[error("no rule of the role permits the action")]
    NoRule,
    /// Rules speak of the action, but none whose conditions hold.
    #[error("the conditions of no rule are met ({considered} considered)")]
    ConditionsUnmet {
        /// How many rules there were.
        considered: usize,
    },
    /// Nobody may give what he does not hold himself.
    #[error("the granting role does not itself hold {object}/{act} as widely")]
    NotHeld {
        /// The object that cannot be granted.
        object: &'static str,
        /// The action that cannot be granted.
        act: &'static str,
    },
    /// Owners are made, changed and removed only by owners.
    #[error("only an owner may do this to an owner")]
    OwnerOnly,
    /// The policy engine failed; failing is refusing.
    #[error("the policy could not be evaluated")]
    EvaluationFailed(#[source] Arc<casbin::Error>),
    /// No policies fresh enough to decide by.
    #[error("the policies are not available")]
    Unavailable(#[source] Arc<LoadError>),
}

impl Refusal {
    /// Whether the server is at fault and the question may be asked again (HTTP 503, not 403).
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::EvaluationFailed(_) | Self::Unavailable(_))
    }

    /// A stable word for audit records and explanations.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmptyField { .. } => "empty_field",
            Self::MalformedName { .. } => "malformed_name",
            Self::UnknownRole => "unknown_role",
            Self::UnknownAction => "unknown_action",
            Self::ForeignDomain => "foreign_domain",
            Self::NoRule => "no_rule",
            Self::ConditionsUnmet { .. } => "conditions_unmet",
            Self::NotHeld { .. } => "not_held",
            Self::OwnerOnly => "owner_only",
            Self::EvaluationFailed(_) => "evaluation_failed",
            Self::Unavailable(_) => "unavailable",
        }
    }
}
