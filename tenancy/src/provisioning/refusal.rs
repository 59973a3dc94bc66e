//! Answers of no, and what a failed operation keeps of one.

use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The code of a KMS that does not answer: the one failure that passes by itself.
pub(super) const KEY_SERVICE_UNAVAILABLE: &str = "key_service_unavailable";

/// What kind of refusal it is, which decides the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalClass {
    /// The request cannot be carried out as it stands.
    Invalid,
    /// There is no such object.
    Missing,
    /// It contradicts the present state.
    Conflict,
    /// The request key was used for another request.
    Idempotency,
    /// Something that is needed is away.
    Unavailable,
}

/// An answer of no. Boxed, because answers of yes are far smaller.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .0.message)]
pub struct Refusal(Box<RefusalDetails>);

/// What an answer of no says: for programs (`code`, `param`) and for people (`message`, `hint`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalDetails {
    /// What kind.
    pub class: RefusalClass,
    /// What programs branch on.
    pub code: Cow<'static, str>,
    /// What went wrong.
    pub message: String,
    /// The field at fault, in bracket notation.
    pub param: Option<String>,
    /// How to mend it.
    pub hint: Option<String>,
    /// The tenant it is about.
    pub tenant: Option<String>,
}

impl Refusal {
    fn new(class: RefusalClass, code: &'static str, message: impl Into<String>) -> Self {
        let (code, message) = (Cow::Borrowed(code), message.into());
        Self(Box::new(RefusalDetails { class, code, message, param: None, hint: None, tenant: None }))
    }

    /// A field that does not do.
    pub fn invalid(code: &'static str, param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(RefusalClass::Invalid, code, message).with_param(param)
    }

    /// Something that is not there.
    pub fn missing(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(RefusalClass::Missing, code, message)
    }

    /// Something that is already otherwise.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(RefusalClass::Conflict, code, message)
    }

    /// A request key used twice.
    pub fn idempotency() -> Self {
        let message = "This idempotency key was used for another request.";
        Self::new(RefusalClass::Idempotency, "idempotency_key_reused", message)
            .with_hint("Send a new key, or leave it out and let one be made.")
    }

    /// Something that is away.
    pub fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(RefusalClass::Unavailable, code, message)
    }

    /// Says how to mend it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Names the field.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.0.param = Some(param.into());
        self
    }

    /// Names the tenant.
    #[must_use]
    pub fn about(mut self, tenant: impl Into<String>) -> Self {
        self.0.tenant = Some(tenant.into());
        self
    }
}

impl Deref for Refusal {
    type Target = RefusalDetails;

    fn deref(&self) -> &RefusalDetails {
        &self.0
    }
}

impl DerefMut for Refusal {
    fn deref_mut(&mut self) -> &mut RefusalDetails {
        &mut self.0
    }
}

/// Why an operation or one of its steps failed, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What programs branch on.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// The field at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let away = matches!(failure.code.as_str(), KEY_SERVICE_UNAVAILABLE | "database_error");
        Self(Box::new(RefusalDetails {
            class: if away { RefusalClass::Unavailable } else { RefusalClass::Conflict },
            code: Cow::Owned(failure.code),
            message: failure.message,
            param: failure.param,
            hint: failure.hint,
            tenant: None,
        }))
    }
}
