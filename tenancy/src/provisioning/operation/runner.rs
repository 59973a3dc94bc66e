//! Starts operations, keeps their leases and writes how they ended.

use std::{
    sync::{Arc, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use kernel::{OperationId, RequestId};
use sea_orm::ConnectionTrait as _;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::{OperationKind, OperationState, Run, lease};
use crate::provisioning::{ControlError, ControlPlane, Failure, sql::execute};

const FINISH: &str = "\
UPDATE platform.operation \
   SET state = $3, error = $4, result = coalesce($5, result), finished_at = $6, lease_owner = NULL, \
       lease_expires_at = NULL \
 WHERE id = $1 AND lease_owner = $2 AND state = 'running'";

/// How an operation ended.
#[derive(Debug)]
pub(in crate::provisioning) struct Ending {
    pub(in crate::provisioning) state: OperationState,
    pub(in crate::provisioning) failure: Option<Failure>,
    pub(in crate::provisioning) result: Option<Value>,
}

impl Ending {
    /// All of it was done.
    pub(in crate::provisioning) const fn success() -> Self {
        Self { state: OperationState::Succeeded, failure: None, result: None }
    }

    /// It, or some of it, was not done.
    pub(in crate::provisioning) const fn failure(state: OperationState, failure: Failure) -> Self {
        Self { state, failure: Some(failure), result: None }
    }
}

impl ControlPlane {
    /// Works on the operation in the background, as soon as there is a free slot.
    pub(in crate::provisioning) fn enqueue(&self, operation: OperationId) {
        if self.stopping().is_cancelled() || !self.queue(operation) {
            return;
        }
        let control = self.clone();
        let work = async move {
            // The semaphore is never closed.
            if let Ok(_slot) = control.slots().acquire().await {
                control.work_on(operation).await;
            }
            control.unqueue(operation);
        };
        self.tracker().spawn(work.in_current_span());
    }

    fn queue(&self, operation: OperationId) -> bool {
        self.queued().lock().unwrap_or_else(PoisonError::into_inner).insert(operation)
    }

    fn unqueue(&self, operation: OperationId) {
        self.queued().lock().unwrap_or_else(PoisonError::into_inner).remove(&operation);
    }

    /// Works on the operation now, in this task, and returns when it has ended or was stopped.
    pub(in crate::provisioning) async fn work_on(&self, operation: OperationId) {
        if self.stopping().is_cancelled() {
            return;
        }
        if let Err(error) = self.try_work_on(operation).await {
            // Whoever takes the expired lease goes on: the periodic look for such operations is the retry.
            tracing::warn!(%operation, %error, "an operation was left for later");
        }
        self.announce_progress();
    }

    async fn try_work_on(&self, operation: OperationId) -> Result<(), ControlError> {
        let owner =
            format!("{}/{}", self.instance(), RequestId::generate(self.clock().as_ref(), self.entropy().as_ref()));
        let Some(row) = lease::take(self.orm(), operation, &owner, self.config().lease).await? else { return Ok(()) };
        let kind: OperationKind = row.kind.parse()?;
        let run = Arc::new(Run {
            control: self.clone(),
            operation,
            owner,
            stop: self.stopping().child_token(),
            abandoned: AtomicBool::new(false),
        });
        let heart = AbortOnDropHandle::new(tokio::spawn(keep_lease(Arc::clone(&run))));
        let ended = Self::dispatch(&run, kind, row).await;
        drop(heart);
        if run.abandoned.load(std::sync::atomic::Ordering::SeqCst) {
            return Ok(());
        }
        match ended {
            Ok(ending) => self.finish(&run, ending).await,
            Err(ControlError::Stopped) => Ok(lease::give_back(self.orm(), operation, &run.owner).await?),
            // Postgres went away: not the operation's fault, and there is nowhere to write it.
            Err(error) if error.is_database_away() => Err(error),
            Err(error) => {
                tracing::warn!(%operation, %error, cause = ?error, "an operation failed");
                self.finish(&run, Ending::failure(OperationState::Failed, error.failure())).await
            }
        }
    }

    async fn finish(&self, run: &Run, ending: Ending) -> Result<(), ControlError> {
        let error = ending.failure.and_then(|failure| serde_json::to_value(failure).ok());
        let values = [
            run.operation.as_uuid().into(),
            run.owner.as_str().into(),
            ending.state.as_str().into(),
            sea_orm::Value::from(error),
            sea_orm::Value::from(ending.result),
            self.clock().now().into(),
        ];
        execute(self.orm(), FINISH, values).await?;
        tracing::info!(operation = %run.operation, state = %ending.state, "operation ended");
        Ok(())
    }

    /// Looks for operations that nobody works on, for ever.
    pub(in crate::provisioning) async fn take_over(self) {
        let pause = (self.config().lease / 2).max(Duration::from_millis(50));
        loop {
            match lease::unleased(self.orm()).await {
                Ok(operations) => operations.into_iter().for_each(|operation| self.enqueue(operation)),
                Err(error) => tracing::warn!(%error, "cannot look for unfinished operations"),
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stopping().cancelled() => return,
            }
        }
    }

    /// A transaction with short waits: a lock that does not come is asked for again by the step's next attempt.
    pub(in crate::provisioning) async fn begin(&self) -> Result<sea_orm::DatabaseTransaction, ControlError> {
        use sea_orm::TransactionTrait as _;
        let tx = self.orm().begin().await?;
        let limits = "SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '60s'; \
                      SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL client_min_messages = warning";
        match tx.execute_unprepared(limits).await {
            Ok(_) => Ok(tx),
            Err(error) => {
                tx.rollback().await?;
                Err(error.into())
            }
        }
    }
}

/// Renews the lease until dropped. When that does not succeed in time the run stops by itself.
async fn keep_lease(run: Arc<Run>) {
    let lease = run.control.config().lease;
    let mut renewed = Instant::now();
    loop {
        sleep(lease / 3).await;
        match lease::renew(run.control.orm(), run.operation, &run.owner, lease).await {
            Ok(true) => renewed = Instant::now(),
            Ok(false) => return run.stop.cancel(),
            Err(error) => {
                tracing::warn!(operation = %run.operation, %error, "the lease was not renewed");
                if renewed.elapsed() >= lease {
                    return run.stop.cancel();
                }
            }
        }
    }
}
