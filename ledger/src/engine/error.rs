//! Why an order has no answer.

use std::sync::Arc;

use tenancy::lane::LaneError;
use thiserror::Error;

/// Why an order has no answer.
#[derive(Clone, Debug, Error)]
pub enum EngineError {
    /// Too much waits in this environment. Nothing was done.
    #[error("too many orders are waiting")]
    Overloaded,
    /// The database cannot be reached, or had no time. Nothing was done.
    #[error("the posting could not be made now")]
    Unavailable(#[source] Arc<LaneError>),
    /// The reply to `COMMIT` was lost and nobody could be asked since: the order may have been carried out.
    #[error("it is unknown whether the posting was made")]
    Unknown(#[source] Arc<LaneError>),
    /// The database refused what should have been right. Nothing was done.
    #[error("the posting could not be written")]
    Failed(#[source] Arc<LaneError>),
    /// A row could not be read. Nothing was done.
    #[error("a row of the ledger is damaged: {0}")]
    Damaged(String),
    /// A batch did not write what it should have and was undone. Nothing is posted in this environment until
    /// somebody has looked.
    #[error("posting has stopped in this environment: a batch did not write what it should have")]
    Poisoned,
    /// The task that drains the queue ended.
    #[error("the posting was aborted")]
    Aborted,
}

impl EngineError {
    /// Whether asking again later may help (HTTP 503, not 500).
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Overloaded | Self::Unavailable(_) | Self::Unknown(_))
    }
}
