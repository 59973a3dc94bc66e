//! Why the control plane did not do what it was asked.

use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
};

use keyring::{ErrorClass, KeyringError};
use sea_orm::{DbErr, RuntimeErr};
use serde::{Deserialize, Serialize};
use thiserror::Error;

const KEY_SERVICE_UNAVAILABLE: &str = "key_service_unavailable";

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

/// Why the control plane did not do what it was asked.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The answer is no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Postgres did not do what it was told, or is away.
    #[error("the database did not do it")]
    Database(#[from] DbErr),
    /// A stored value is not what this code writes.
    #[error("{table} holds an unexpected {what}")]
    Corrupt {
        /// Where.
        table: &'static str,
        /// What.
        what: &'static str,
    },
    /// The run was told to stop between two steps; another run goes on from there.
    #[error("the run was stopped between two steps")]
    Stopped,
}

impl From<sqlx::Error> for ControlError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }
}

impl From<KeyringError> for ControlError {
    fn from(error: KeyringError) -> Self {
        let message = error.to_string();
        let refusal = match (&error, error.class()) {
            (KeyringError::NotConfigured { .. }, _) => {
                Refusal::invalid("key_provider_missing", "key_provider", message)
                    .with_hint("Configure the provider in section `keyring` of the control process, then resume.")
            }
            (KeyringError::Denied { .. }, _) => Refusal::conflict("key_denied", message)
                .with_hint("Let the control process use the key service, then resume the operation."),
            (KeyringError::Disabled { .. }, _) => Refusal::conflict("key_disabled", message),
            (KeyringError::PendingDestruction { .. }, _) => Refusal::conflict("key_pending_destruction", message),
            (KeyringError::Destroyed { .. }, _) => Refusal::conflict("key_destroyed", message),
            (KeyringError::NotFound { .. }, _) => Refusal::conflict("key_missing", message),
            (KeyringError::Unsupported { .. }, _) => Refusal::conflict("key_operation_unsupported", message),
            (_, ErrorClass::Unavailable) => Refusal::unavailable(KEY_SERVICE_UNAVAILABLE, message)
                .with_hint("Resume the operation when the key service answers."),
            (_, ErrorClass::Integrity | ErrorClass::Caller) => Refusal::conflict("key_unusable", message),
        };
        refusal.into()
    }
}

impl ControlError {
    fn sqlx(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(
                DbErr::Exec(RuntimeErr::SqlxError(error))
                | DbErr::Query(RuntimeErr::SqlxError(error))
                | DbErr::Conn(RuntimeErr::SqlxError(error)),
            ) => Some(error),
            _ => None,
        }
    }

    /// Postgres' own code, such as `42501`.
    pub fn sqlstate(&self) -> Option<String> {
        let error = self.sqlx()?.as_database_error()?;
        error.code().map(Cow::into_owned)
    }

    /// Whether Postgres is away: there is nothing to be done, and nowhere to write it.
    pub fn is_database_away(&self) -> bool {
        match (self, self.sqlstate()) {
            (_, Some(code)) => code.starts_with("08") || code.starts_with("57P"),
            (Self::Database(DbErr::ConnectionAcquire(_)), None) => true,
            (_, None) => self.sqlx().is_some_and(|error| {
                matches!(
                    error,
                    sqlx::Error::Io(_)
                        | sqlx::Error::Tls(_)
                        | sqlx::Error::Protocol(_)
                        | sqlx::Error::PoolTimedOut
                        | sqlx::Error::PoolClosed
                        | sqlx::Error::WorkerCrashed
                )
            }),
        }
    }

    /// Whether the same step may succeed in a moment: somebody held a lock, or something went away.
    pub fn is_transient(&self) -> bool {
        match self {
            // Two sessions that touch one catalog row answer XX000 "tuple concurrently updated".
            Self::Database(_) => {
                self.is_database_away()
                    || self.sqlstate().is_some_and(|code| {
                        matches!(code.as_str(), "55P03" | "40P01" | "40001" | "XX000") || code.starts_with("53")
                    })
            }
            Self::Refused(refusal) => refusal.class == RefusalClass::Unavailable,
            Self::Corrupt { .. } | Self::Stopped => false,
        }
    }

    /// What an operation that failed for this keeps.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Refused(refusal) => Failure {
                code: refusal.code.to_string(),
                message: refusal.message.clone(),
                param: refusal.param.clone(),
                hint: refusal.hint.clone(),
            },
            Self::Database(error) => Failure {
                code: "database_error".to_owned(),
                message: database_message(error),
                param: None,
                hint: Some("Mend the cause, then resume the operation.".to_owned()),
            },
            Self::Corrupt { .. } | Self::Stopped => {
                Failure { code: "internal_error".to_owned(), message: self.to_string(), param: None, hint: None }
            }
        }
    }
}

/// The server's own sentence: it names tables and constraints, never the values of a row.
fn database_message(error: &DbErr) -> String {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => inner
            .as_database_error()
            .map_or_else(|| "Postgres did not answer.".to_owned(), |database| database.message().to_owned()),
        DbErr::Custom(message) => message.clone(),
        _ => "The database did not do it.".to_owned(),
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
