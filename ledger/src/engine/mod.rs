//! The posting engine: whatever waits is posted together.
//!
//! Orders queue per environment. A task drains what waits, reads and locks what it is about in one round trip,
//! decides in memory in the order of arrival, writes and commits in a second, and answers each caller. It exists
//! only while something waits; one order alone is the batch of one. Row locks decide between processes, so any
//! number of them may post in one environment.
//!
//! What an order is, and what is written beside the ledger for it, is said by a [`Desk`].

mod batch;
mod desk;
mod error;
mod postings;
mod queue;

use std::sync::Arc;

use kernel::Clock;
use tenancy::{
    DatabaseError, Environment,
    lane::{Lanes, LanesConfig},
};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use self::queue::{Queues, Submitted, Waiting};
pub use self::{
    desk::{Decided, Desk, Question},
    error::EngineError,
    postings::{PostingOrder, Postings},
};

/// How an engine is set up.
#[derive(Debug)]
pub struct EngineConfig {
    /// Where its connections lead.
    pub lanes: LanesConfig,
    /// Orders that may wait in one environment before more are refused.
    pub waiting_max: usize,
    /// Most orders of one batch.
    pub batch_max: usize,
}

/// Posts orders of one kind; a cheap handle.
#[derive(Debug)]
pub struct Engine<D: Desk>(Arc<Inner<D>>);

#[derive(Debug)]
struct Inner<D: Desk> {
    desk: D,
    lanes: Lanes,
    queues: Queues<D>,
    batch_max: usize,
    clock: Arc<dyn Clock>,
    tracker: TaskTracker,
}

impl<D: Desk> Clone for Engine<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Desk> Engine<D> {
    /// An engine at rest.
    pub fn new(desk: D, config: &EngineConfig, clock: Arc<dyn Clock>) -> Result<Self, DatabaseError> {
        Ok(Self(Arc::new(Inner {
            desk,
            lanes: Lanes::new(&config.lanes)?,
            queues: Queues::new(config.waiting_max),
            batch_max: config.batch_max,
            clock,
            tracker: TaskTracker::new(),
        })))
    }

    /// Waits until the order is durably decided. Dropping the future does not take the order back.
    pub async fn submit(&self, environment: &Arc<Environment>, order: D::Order) -> Result<D::Answer, EngineError> {
        let (reply, answer) = oneshot::channel();
        match self.0.queues.submit(environment.id, Waiting { order, reply }) {
            Submitted::Queued => {}
            Submitted::First => self.drain_queue(Arc::clone(environment)),
            Submitted::Full => return Err(EngineError::Overloaded),
            Submitted::Poisoned => return Err(EngineError::Poisoned),
        }
        answer.await.unwrap_or(Err(EngineError::Aborted))
    }

    /// Waits until nothing waits any more. For the shutdown, after the listeners are closed.
    pub async fn drain(&self) {
        self.0.tracker.close();
        self.0.tracker.wait().await;
    }

    fn drain_queue(&self, environment: Arc<Environment>) {
        let engine = self.clone();
        self.0.tracker.spawn(async move {
            let inner = &engine.0;
            while let Some(waiting) = inner.queues.next(environment.id, inner.batch_max) {
                batch::run(inner, &environment, waiting).await;
            }
        });
    }
}
