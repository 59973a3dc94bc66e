//! What goes wrong on a lane, by what is known of the transaction.

use thiserror::Error;
use tokio_postgres::error::DbError;

/// What became of a transaction on a lane.
#[derive(Debug, Error)]
pub enum LaneError {
    /// The server refused a statement: nothing of the transaction remains.
    #[error("the database refused a statement")]
    Refused(#[source] tokio_postgres::Error),
    /// There is no connection, or it ended before `COMMIT` was sent: nothing of the transaction remains.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Option<tokio_postgres::Error>),
    /// The reply to `COMMIT` never came: it may have happened. Resolve it by reading.
    #[error("it is unknown whether the transaction was committed")]
    Unknown(#[source] tokio_postgres::Error),
}

impl LaneError {
    pub(super) fn before_commit(error: tokio_postgres::Error) -> Self {
        if is_definitive(&error) { Self::Refused(error) } else { Self::Unavailable(Some(error)) }
    }

    pub(super) fn at_commit(error: tokio_postgres::Error) -> Self {
        if is_definitive(&error) { Self::Refused(error) } else { Self::Unknown(error) }
    }

    /// What the server said, where it said something.
    pub fn database(&self) -> Option<&DbError> {
        match self {
            Self::Refused(error) | Self::Unavailable(Some(error)) | Self::Unknown(error) => error.as_db_error(),
            Self::Unavailable(None) => None,
        }
    }

    /// The server's SQLSTATE.
    pub fn sqlstate(&self) -> Option<&str> {
        self.database().map(|error| error.code().code())
    }
}

/// Whether the server itself said that the statement failed, and lives. A connection that ends, whoever ended it,
/// may do so after the commit record was flushed (SQLSTATE classes 57P and 08).
fn is_definitive(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|state| !state.code().starts_with("57P") && !state.code().starts_with("08"))
}
