//! The posting engine: whatever waits is posted together.
//!
//! Orders queue per environment. A task drains what waits, decides it in memory in the order of arrival, writes and
//! commits it in one round trip, and answers each caller. While a batch is on its way the next is decided and sent
//! after it. The task exists only while something waits; one order alone is the batch of one.
//!
//! What is decided on are accounts as they were last seen. The writing statement compares: where an account is no
//! longer what it was, nothing is written, and the batch locks and reads first. Row locks and that comparison decide
//! between processes, so any number of them may post in one environment.
//!
//! What an order is, and what is written beside the ledger for it, is said by a [`Desk`].

mod batch;
mod desk;
mod drain;
mod error;
mod memory;
mod postings;
mod queue;

use std::sync::Arc;

use kernel::Clock;
use tenancy::{
    DatabaseError, Environment,
    lane::{Lanes, LanesConfig},
};
use tokio::sync::{Notify, oneshot};
use tokio_util::task::TaskTracker;

pub use self::{
    desk::{Decided, Desk, Question},
    error::EngineError,
    postings::{PostingOrder, Postings},
};
use self::{
    drain::Drain,
    memory::Memories,
    queue::{Queues, Submitted, Waiting},
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
    memories: Memories,
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
            memories: Memories::default(),
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
            Submitted::First(many) => self.drain_queue(Arc::clone(environment), many),
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

    fn drain_queue(&self, environment: Arc<Environment>, many: Arc<Notify>) {
        self.0.tracker.spawn(Drain::new(Arc::clone(&self.0), environment).run(many));
    }
}
