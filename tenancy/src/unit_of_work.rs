//! Units of work outlive the client's connection.
//!
//! Everything from `BEGIN` to `COMMIT` runs in a tracked task of its own: when a client hangs up, the
//! handler is dropped but the work is not, so no transaction is cut in the middle.

use std::{future::Future, sync::Arc};

use thiserror::Error;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::{CommitError, Committed, Database, Environment, TenantTx};

/// Why a unit of work ended without an answer.
#[derive(Debug, Error)]
pub enum UnitError {
    /// No transaction could be begun.
    #[error("cannot begin a transaction")]
    Begin(#[source] sqlx::Error),
    /// The commit was not confirmed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The work itself panicked; its transaction was rolled back.
    #[error("the unit of work was aborted")]
    Aborted(#[source] tokio::task::JoinError),
}

/// Runs units of work and knows how many are under way.
#[derive(Clone, Debug)]
pub struct UnitsOfWork {
    database: Database,
    tracker: TaskTracker,
}

impl UnitsOfWork {
    /// Works on this database.
    pub fn new(database: Database) -> Self {
        Self { database, tracker: TaskTracker::new() }
    }

    /// The database beneath.
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Begins a transaction in `environment`, runs `work` in a task of its own and answers with what it committed.
    pub async fn run<T, E, W, F>(&self, environment: Arc<Environment>, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<UnitError> + Send + 'static,
        W: FnOnce(TenantTx) -> F + Send + 'static,
        F: Future<Output = Result<Committed<T>, E>> + Send + 'static,
    {
        let database = self.database.clone();
        let unit = async move {
            let tx = TenantTx::begin(&database, environment).await.map_err(UnitError::Begin)?;
            work(tx).await.map(Committed::into_inner)
        };
        self.spawn(unit).await?
    }

    /// Runs any future that must not be cut in the middle.
    pub async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, UnitError> {
        self.tracker.spawn(work.in_current_span()).await.map_err(UnitError::Aborted)
    }

    /// Runs any future that nobody waits for to its end.
    pub fn detach(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work.in_current_span());
    }

    /// Waits until every unit of work has ended. For the shutdown, after the listeners are closed.
    pub async fn drain(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
