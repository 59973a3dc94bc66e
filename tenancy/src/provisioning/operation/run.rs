//! One process working on one operation: steps that are recorded with what they did, or not at all.

use std::{
    fmt::Debug,
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use kernel::{EnvironmentId, OperationId};
use sea_orm::DatabaseTransaction;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{lease, steps, steps::StepOutcome};
use crate::provisioning::{ControlError, ControlPlane};

/// How often a step that failed for a passing reason is tried: for longer than the keyring's breaker stays open.
const ATTEMPTS_MAX: u32 = 9;
/// Pause before the second attempt; doubled before each further one, up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_millis(1_600);

/// Which step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provisioning) struct Label {
    pub(in crate::provisioning) name: &'static str,
    pub(in crate::provisioning) environment: Option<EnvironmentId>,
    pub(in crate::provisioning) tenant: Option<String>,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing was done yet.
    Starting,
    /// What happens outside of Postgres has happened; it is not recorded.
    Outside,
    /// The transaction is complete but not committed.
    Uncommitted,
    /// Committed.
    Committed,
}

/// A step has come to a moment.
#[derive(Clone, Copy, Debug)]
pub struct StepEvent<'a> {
    /// Of which operation.
    pub operation: OperationId,
    /// Its name, such as `schema`.
    pub step: &'a str,
    /// In which environment.
    pub environment: Option<EnvironmentId>,
    /// Of which tenant.
    pub tenant: Option<&'a str>,
    /// How far.
    pub moment: Moment,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Drop everything as it stands, like `kill -9`: nothing more is written, the lease is left to expire.
    Abandon,
}

/// Is told of every step. In production it writes the log; tests use it to stop a run at any point.
pub trait StepObserver: Debug + Send + Sync {
    /// A step has come to a moment.
    fn observe(&self, event: &StepEvent<'_>) -> Verdict;
}

/// Writes the log.
#[derive(Debug)]
pub(in crate::provisioning) struct LogObserver;

impl StepObserver for LogObserver {
    fn observe(&self, event: &StepEvent<'_>) -> Verdict {
        let StepEvent { operation, step, environment, tenant, moment } = event;
        tracing::debug!(%operation, step, ?environment, tenant, ?moment, "step");
        Verdict::Continue
    }
}

/// One process working on one operation.
#[derive(Debug)]
pub(in crate::provisioning) struct Run {
    pub(in crate::provisioning) control: ControlPlane,
    pub(in crate::provisioning) operation: OperationId,
    pub(super) owner: String,
    /// Set when the lease is lost, the operation cancelled or the process told to end.
    pub(super) stop: CancellationToken,
    pub(super) abandoned: AtomicBool,
}

/// A step that is under way.
#[derive(Debug)]
pub(in crate::provisioning) struct Step<'a> {
    run: &'a Run,
    label: &'a Label,
    started: Instant,
    tx: DatabaseTransaction,
}

impl Run {
    /// Says that a step has come to a moment, and stops the run where it has to stop.
    pub(in crate::provisioning) fn reach(&self, label: &Label, moment: Moment) -> Result<(), ControlError> {
        let event = StepEvent {
            operation: self.operation,
            step: label.name,
            environment: label.environment,
            tenant: label.tenant.as_deref(),
            moment,
        };
        if self.control.observer().observe(&event) == Verdict::Abandon {
            self.abandoned.store(true, Ordering::SeqCst);
            self.stop.cancel();
        }
        self.check()
    }

    /// Fails when the run has to stop.
    pub(in crate::provisioning) fn check(&self) -> Result<(), ControlError> {
        if self.stop.is_cancelled() { Err(ControlError::Stopped) } else { Ok(()) }
    }

    /// Whether an earlier run of this operation did the step: for effects that must not be repeated.
    pub(in crate::provisioning) async fn is_done(&self, label: &Label) -> Result<bool, ControlError> {
        Ok(steps::is_done(self.control.orm(), self.operation, label).await?)
    }

    /// Begins the transaction of a step that is all SQL.
    pub(in crate::provisioning) async fn begin<'a>(&'a self, label: &'a Label) -> Result<Step<'a>, ControlError> {
        let started = Instant::now();
        self.reach(label, Moment::Starting)?;
        self.begin_since(label, started).await
    }

    /// Begins the transaction of a step whose outside effect began at `started`.
    pub(in crate::provisioning) async fn begin_since<'a>(
        &'a self,
        label: &'a Label,
        started: Instant,
    ) -> Result<Step<'a>, ControlError> {
        let tx = self.control.begin().await?;
        Ok(Step { run: self, label, started, tx })
    }

    /// Records steps that needed nothing, all in one transaction.
    pub(in crate::provisioning) async fn record_all(
        &self,
        labels: &[(Label, Option<String>)],
        outcome: StepOutcome,
    ) -> Result<(), ControlError> {
        if labels.is_empty() {
            return Ok(());
        }
        let at = self.control.clock().now();
        let tx = self.control.begin().await?;
        let records = labels.iter().map(|(label, detail)| steps::Record {
            operation: self.operation,
            label,
            outcome,
            detail: detail.clone(),
            duration: Duration::ZERO,
            at,
        });
        steps::insert(&tx, records).await?;
        self.commit(tx).await
    }

    /// Commits what a step did, if this process still holds the operation.
    async fn commit(&self, tx: DatabaseTransaction) -> Result<(), ControlError> {
        if !lease::hold(&tx, self.operation, &self.owner).await? {
            self.stop.cancel();
            return Err(ControlError::Stopped);
        }
        tx.commit().await?;
        self.control.announce_progress();
        Ok(())
    }

    /// Records that a step failed, beside whatever its own transaction did not do.
    pub(in crate::provisioning) async fn record_failure(
        &self,
        label: &Label,
        started: Instant,
        error: &ControlError,
    ) -> Result<(), ControlError> {
        if matches!(error, ControlError::Stopped) {
            return Ok(());
        }
        let tx = self.control.begin().await?;
        let step = Step { run: self, label, started, tx };
        step.record(StepOutcome::Failed, Some(error.failure().message)).await
    }
}

impl Step<'_> {
    /// The step's transaction.
    pub(in crate::provisioning) const fn tx(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// Records the step and commits it with everything it did, if this process still holds the operation.
    pub(in crate::provisioning) async fn finish(
        self,
        outcome: StepOutcome,
        detail: Option<String>,
    ) -> Result<(), ControlError> {
        let (run, label) = (self.run, self.label);
        self.record(outcome, detail).await?;
        run.reach(label, Moment::Committed)
    }

    async fn record(self, outcome: StepOutcome, detail: Option<String>) -> Result<(), ControlError> {
        let Self { run, label, started, tx } = self;
        let at = run.control.clock().now();
        let duration = started.elapsed();
        let record = steps::Record { operation: run.operation, label, outcome, detail, duration, at };
        steps::insert(&tx, [record]).await?;
        if outcome != StepOutcome::Failed {
            run.reach(label, Moment::Uncommitted)?;
        }
        run.commit(tx).await
    }
}

/// Tries a step again while it fails for a reason that passes.
pub(in crate::provisioning) async fn retrying<T, F>(
    run: &Run,
    attempt: impl Fn() -> F + Send,
) -> Result<T, ControlError>
where
    F: Future<Output = Result<T, ControlError>> + Send,
{
    let mut pause = PAUSE_MIN;
    for _ in 1..ATTEMPTS_MAX {
        match attempt().await {
            Err(error) if error.is_transient() => {
                tracing::warn!(operation = %run.operation, %error, "a step is tried again");
            }
            ended => return ended,
        }
        tokio::select! {
            () = sleep(varied(run, pause)) => {}
            () = run.stop.cancelled() => return Err(ControlError::Stopped),
        }
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
    attempt().await
}

/// From three quarters to five quarters of a pause, so that those who failed together do not return together.
fn varied(run: &Run, pause: Duration) -> Duration {
    let mut chance = [0_u8; 1];
    run.control.entropy().fill(&mut chance);
    let [chance] = chance;
    pause * 3 / 4 + pause * u32::from(chance) / 512
}
