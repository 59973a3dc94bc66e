//! How an operation ends when it does not succeed: refused by a rule, or failed.

use std::sync::Arc;

use keyring::{ErrorClass, KeyringError};
use ledger::PostingError;
use policies::ForeignPermit;
use sea_orm::{DbErr, RuntimeErr};
use tenancy::field_keys::FieldKeysError;
use thiserror::Error;

/// Conditions of the server under which the same request may succeed a moment later: lock and statement time-out,
/// serialization failure, deadlock, too many connections, shutting down.
const SQLSTATES_TO_RETRY: [&str; 9] = ["55P03", "57014", "40001", "40P01", "53300", "57P01", "57P02", "57P03", "25P03"];

/// What the client is told about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalClass {
    /// The request is wrong in itself.
    Invalid,
    /// It names something that is not there, or not visible to the actor.
    Missing,
    /// It is right, but the state of the money is against it.
    Declined,
    /// It is right, but what is there already is against it.
    Conflict,
    /// The actor may not do this.
    Denied,
    /// The decision cannot be made now.
    Unavailable,
}

/// A rule's answer against a request. `Display` is for the client and holds no personal data.
///
/// It has written nothing and leaves the transaction usable.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    /// A stable word.
    fn code(&self) -> &'static str;
    /// The parameter at fault, in bracket notation such as `address[city]`.
    fn param(&self) -> Option<&'static str>;
    /// What the client is told.
    fn class(&self) -> RefusalClass;
}

/// Why an operation did not happen.
#[derive(Debug, Error)]
pub enum Error<R: Refusal> {
    /// A rule is against it. The transaction is still good.
    #[error(transparent)]
    Refused(R),
    /// Something broke. The transaction can only be dropped.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl<R: Refusal> Error<R> {
    /// The same with another module's refusal.
    pub(crate) fn map_refusal<S: Refusal>(self, convert: impl FnOnce(R) -> S) -> Error<S> {
        match self {
            Self::Refused(refusal) => Error::Refused(convert(refusal)),
            Self::Failed(failure) => Error::Failed(failure),
        }
    }
}

/// What broke.
#[derive(Debug, Error)]
pub enum Failure {
    /// The permit was given for another environment: a defect of the caller.
    #[error(transparent)]
    ForeignPermit(#[from] ForeignPermit),
    /// The permit reaches own objects only, where objects belong to nobody: a defect of the policies.
    #[error("a permit for {action} reaches own objects only, and there are none")]
    NarrowPermit {
        /// The action permitted.
        action: &'static str,
    },
    /// A sealed field was to be written or read and its key cannot be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A sealed field was to be written or read and the environment's keys could not be had.
    #[error("the field keys could not be had")]
    FieldKeys(#[source] Arc<FieldKeysError>),
    /// A sealed field was to be written or read and the caller fetched no keys: a defect of the caller.
    #[error("a sealed field was touched without keys")]
    KeysNotFetched,
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// The ledger refused what it should have accepted, or failed.
    #[error("the posting failed")]
    Posting(#[source] PostingError),
    /// A row holds what it cannot hold.
    #[error("a row of {table} is damaged: {column}")]
    Corrupt {
        /// Where.
        table: &'static str,
        /// In which column.
        column: &'static str,
    },
}

impl Failure {
    /// Whether asking again later may help (HTTP 503, not 500).
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Keyring(error) => error.class() == ErrorClass::Unavailable,
            Self::Database(
                DbErr::Conn(RuntimeErr::SqlxError(error))
                | DbErr::Exec(RuntimeErr::SqlxError(error))
                | DbErr::Query(RuntimeErr::SqlxError(error)),
            ) => may_be_retried(error),
            Self::Posting(PostingError::Database(error)) => may_be_retried(error),
            Self::FieldKeys(error) => error.is_unavailable(),
            Self::ForeignPermit(_)
            | Self::NarrowPermit { .. }
            | Self::KeysNotFetched
            | Self::Database(_)
            | Self::Posting(PostingError::Rejected(_) | PostingError::TransferExists)
            | Self::Corrupt { .. } => false,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }
}

fn may_be_retried(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        other => other
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| SQLSTATES_TO_RETRY.contains(&code.as_ref())),
    }
}

impl<R: Refusal> From<R> for Error<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

impl<R: Refusal> From<DbErr> for Error<R> {
    fn from(error: DbErr) -> Self {
        Self::Failed(error.into())
    }
}

impl<R: Refusal> From<sqlx::Error> for Error<R> {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<R: Refusal> From<KeyringError> for Error<R> {
    fn from(error: KeyringError) -> Self {
        Self::Failed(error.into())
    }
}
