//! Why the control plane did not do what it was asked.

use std::borrow::Cow;

use keyring::{ErrorClass, KeyringError};
use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

use super::{Failure, Refusal, RefusalClass, refusal::KEY_SERVICE_UNAVAILABLE};

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
