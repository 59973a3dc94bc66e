//! From the domain's refusals and failures to the one error of the HTTP layer, exhaustively.

use axum::http::StatusCode;
use keyring::{ErrorClass, KeyringError};
use payments::{Error, Failure, Refusal, RefusalClass};
use policies::role::RoleError;
use sea_orm::DbErr;
use tenancy::{
    CommitError, UnitError,
    identity::{CredentialRefusal, RefusalClass as CredentialRefusalClass},
};

use super::{ApiError, ErrorType};

impl<R: Refusal + Send + Sync + 'static> From<Error<R>> for ApiError {
    fn from(error: Error<R>) -> Self {
        match error {
            Error::Refused(refusal) => refused(refusal),
            Error::Failed(failure) => failure.into(),
        }
    }
}

/// The domain speaks in clauses, clients read sentences.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", characters.as_str())
}

fn refused<R: Refusal + Send + Sync + 'static>(refusal: R) -> ApiError {
    let status = match refusal.class() {
        RefusalClass::Invalid | RefusalClass::Declined => StatusCode::BAD_REQUEST,
        RefusalClass::Missing => StatusCode::NOT_FOUND,
        RefusalClass::Conflict => StatusCode::CONFLICT,
        RefusalClass::Denied => StatusCode::FORBIDDEN,
        RefusalClass::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let kind = if status.is_server_error() { ErrorType::ApiError } else { ErrorType::InvalidRequestError };
    let error = ApiError::new(status, kind, Some(refusal.code()), sentence(&refusal.to_string()));
    let error = match refusal.param() {
        Some(param) => error.with_param(param),
        None => error,
    };
    error.caused_by(refusal)
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let unavailable = failure.is_unavailable();
        match failure {
            Failure::Keyring(error) => error.into(),
            Failure::Database(error) => error.into(),
            Failure::FieldKeys(error) if error.is_unavailable() => key_unavailable().caused_by(error),
            failure @ Failure::Posting(_) if unavailable => database_unavailable().caused_by(failure),
            failure @ (Failure::ForeignPermit(_)
            | Failure::NarrowPermit { .. }
            | Failure::FieldKeys(_)
            | Failure::KeysNotFetched
            | Failure::Posting(_)
            | Failure::Corrupt { .. }) => Self::internal().caused_by(failure),
        }
    }
}

impl From<RoleError> for ApiError {
    fn from(error: RoleError) -> Self {
        match error {
            RoleError::Invalid { param, message } => Self::invalid("parameter_invalid", message).with_param(param),
            RoleError::Exists => {
                Self::conflict("role_exists", "There is a role of this name already.").with_param("name")
            }
            RoleError::NotFound => Self::missing("role", "name"),
            RoleError::BuiltIn => {
                Self::invalid("role_built_in", "A built-in role cannot be changed.").with_param("name")
            }
            RoleError::InUse { .. } => Self::conflict("role_in_use", error.to_string()).with_param("name"),
            RoleError::Limit => Self::invalid("limit_reached", error.to_string()),
            RoleError::Refused(refusal) => refusal.into(),
            RoleError::Foreign(error) => Self::internal().caused_by(error),
            RoleError::BuiltInTable(error) => Self::internal().caused_by(error),
            RoleError::Database(error) => error.into(),
        }
    }
}

impl From<KeyringError> for ApiError {
    fn from(error: KeyringError) -> Self {
        match error.class() {
            ErrorClass::Unavailable => key_unavailable().caused_by(error),
            ErrorClass::Integrity | ErrorClass::Caller => Self::internal().caused_by(error),
        }
    }
}

/// 503: what needs the environment's key waits for it; there is no fallback.
fn key_unavailable() -> ApiError {
    let message = "The key that protects this data is not available. Nothing was read or stored.";
    ApiError::unavailable("key_unavailable", message)
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::Conn(sea_orm::RuntimeErr::SqlxError(cause))
            | DbErr::Exec(sea_orm::RuntimeErr::SqlxError(cause))
            | DbErr::Query(sea_orm::RuntimeErr::SqlxError(cause)) => database(cause).caused_by(error),
            _ => Self::internal().caused_by(error),
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        database(&error).caused_by(error)
    }
}

impl From<UnitError> for ApiError {
    fn from(error: UnitError) -> Self {
        match &error {
            UnitError::Begin(cause) | UnitError::Commit(CommitError::RolledBack(Some(cause))) => {
                database(cause).caused_by(error)
            }
            UnitError::Commit(CommitError::Unknown(_)) => {
                let message = "The connection to the database broke while the request was being committed.";
                Self::unavailable("outcome_unknown", message).caused_by(error)
            }
            UnitError::Commit(CommitError::RolledBack(None)) | UnitError::Aborted(_) => {
                Self::internal().caused_by(error)
            }
        }
    }
}

/// What a database error means to a client: come back, or our fault.
fn database(error: &sqlx::Error) -> ApiError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let lost = match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection trouble, resources, operator intervention; lock timeout, serialization, deadlock.
        _ => code.as_ref().is_some_and(|code| {
            ["08", "53", "57"].iter().any(|class| code.starts_with(class))
                || ["55P03", "40001", "40P01"].contains(&code.as_ref())
        }),
    };
    if lost { database_unavailable() } else { ApiError::internal() }
}

fn database_unavailable() -> ApiError {
    let message = "The database cannot be reached or is busy. Nothing was changed. Send the request again.";
    ApiError::unavailable("database_unavailable", message)
}

impl From<CredentialRefusal> for ApiError {
    fn from(refusal: CredentialRefusal) -> Self {
        let error = match refusal.class() {
            CredentialRefusalClass::Unavailable => {
                Self::unavailable("authentication_unavailable", "The credential cannot be checked at the moment.")
            }
            CredentialRefusalClass::Expired => Self::expired(refusal.code()),
            CredentialRefusalClass::Unauthorized => Self::unauthenticated(),
        };
        error.caused_by(refusal)
    }
}
