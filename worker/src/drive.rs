//! The process: takes turns, has jobs work on them, and records how they ended.

use std::{
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use kernel::{Clock, Entropy, RequestId};
use ledger::Engine;
use payments::desk::WalletDesk;
use policies::Policies;
use tenancy::{
    Environment, UnitsOfWork,
    directory::{Directory, DirectorySnapshot},
};
use thiserror::Error;
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    hold_expiry::HoldExpiry,
    job::{Job, JobError},
    lease::{Lease, Leases},
    ledger_audit::LedgerAudit,
};

/// Between two looks for turns that have come. Cheap: one index probe for each job and process.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Until a turn that failed is tried again.
const RETRY_AFTER: time::Duration = time::Duration::seconds(10);
/// Every job there is.
const JOBS: [&str; 2] = [HoldExpiry::NAME, LedgerAudit::NAME];

/// How often jobs work.
#[derive(Clone, Copy, Debug)]
pub struct WorkerConfig {
    /// Longest time between two looks for expired holds in an environment. A hold that was known at a look is released
    /// when it expires; one that was made since, at the next look.
    pub hold_expiry_interval: Duration,
    /// From the end of an environment's audit to the beginning of the next.
    pub ledger_audit_interval: Duration,
    /// For how long a turn belongs to a process that does not renew. A killed process is replaced after this.
    pub lease: Duration,
}

/// What the worker is made of.
#[derive(Debug)]
pub struct WorkerParts {
    /// Begins transactions, as `tessera_worker`.
    pub units: UnitsOfWork,
    /// Which environments there are.
    pub directory: Directory,
    /// What jobs may do.
    pub policies: Policies,
    /// Posts.
    pub engine: Engine<WalletDesk>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

/// A worker; a cheap handle.
#[derive(Clone, Debug)]
pub struct Worker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: WorkerParts,
    config: WorkerConfig,
    leases: Leases,
    /// The directory in which every environment has its turns.
    enrolled: RwLock<Weak<DirectorySnapshot>>,
}

/// Why a look for turns came to nothing.
#[derive(Debug, Error)]
enum LookError {
    #[error("the directory cannot be read")]
    Directory(#[from] tenancy::directory::DirectoryError),
    #[error("the turns cannot be read")]
    Database(#[from] sqlx::Error),
}

impl Worker {
    /// A worker at rest.
    pub fn new(parts: WorkerParts, config: WorkerConfig) -> Self {
        let owner = RequestId::generate(&*parts.clock, &*parts.entropy).encoded();
        let leases = Leases::new(parts.units.database().pool().clone(), owner, config.lease);
        Self(Arc::new(Inner { parts, config, leases, enrolled: RwLock::default() }))
    }

    /// Works until told to stop; returns when everything under way has ended and every turn has been given back.
    pub async fn run(&self, stop: &CancellationToken) {
        let Inner { parts, config, .. } = &*self.0;
        let heart = AbortOnDropHandle::new(tokio::spawn(self.clone().keep_leases()));
        let holds = HoldExpiry::new(parts, config.hold_expiry_interval);
        let audits = LedgerAudit::new(parts, config.ledger_audit_interval);
        futures::join!(self.drive(&holds, stop), self.drive(&audits, stop));
        parts.engine.drain().await;
        drop(heart);
    }

    /// Without a renewal in time others take the turns over; what this process then still does is either known to have
    /// been done by the ledger or, for lack of the lease, not recorded.
    async fn keep_leases(self) {
        loop {
            sleep(self.0.leases.heartbeat()).await;
            if let Err(error) = self.0.leases.renew().await {
                tracing::warn!(%error, "leases were not renewed");
            }
        }
    }

    async fn drive<J: Job>(&self, job: &J, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let more = match self.take_turns(job, stop).await {
                Ok(turns) => turns == usize::from(J::LEASED_MAX),
                Err(error) => {
                    tracing::warn!(job = J::NAME, %error, cause = ?error, "cannot look for work");
                    false
                }
            };
            if !more {
                tokio::select! {
                    () = sleep(POLL_INTERVAL) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }

    /// Works on turns that have come, and answers how many.
    async fn take_turns<J: Job>(&self, job: &J, stop: &CancellationToken) -> Result<usize, LookError> {
        let directory = self.0.parts.directory.snapshot().await?;
        self.enrol(&directory).await?;
        let leases = self.0.leases.take(J::NAME, self.0.parts.clock.now(), J::LEASED_MAX).await?;
        let turns = leases.len();
        let work = leases.into_iter().map(|lease| {
            let environment = directory.by_id(lease.environment).map(Arc::clone);
            self.work(job, lease, environment, stop)
        });
        stream::iter(work).buffer_unordered(J::PARALLEL).collect::<()>().await;
        Ok(turns)
    }

    /// Gives environments that have come up their turns; asked only when the directory has changed.
    async fn enrol(&self, directory: &Arc<DirectorySnapshot>) -> Result<(), LookError> {
        let known = self.0.enrolled.read().unwrap_or_else(PoisonError::into_inner).upgrade();
        if known.is_some_and(|known| Arc::ptr_eq(&known, directory)) {
            return Ok(());
        }
        self.0.leases.enrol(&JOBS, self.0.parts.clock.now()).await?;
        *self.0.enrolled.write().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(directory);
        Ok(())
    }

    async fn work<J: Job>(
        &self,
        job: &J,
        lease: Lease,
        environment: Option<Arc<Environment>>,
        stop: &CancellationToken,
    ) {
        let ended = match environment {
            Some(environment) if !stop.is_cancelled() => self.turn(job, lease, &environment, stop).await,
            // Not routable just now, or no time for it.
            _ => self.0.leases.give_back(J::NAME, lease).await,
        };
        if let Err(error) = ended {
            // The lease expires, and somebody does it again.
            let environment = lease.environment;
            tracing::warn!(job = J::NAME, %environment, %error, "how a turn ended could not be recorded");
        }
    }

    async fn turn<J: Job>(
        &self,
        job: &J,
        lease: Lease,
        environment: &Arc<Environment>,
        stop: &CancellationToken,
    ) -> Result<(), sqlx::Error> {
        let leases = &self.0.leases;
        let mut tx;
        let kept = match job.run(environment, stop).await {
            Ok(None) => return leases.give_back(J::NAME, lease).await,
            Ok(Some(outcome)) => {
                tx = leases.pool().begin().await?;
                let kept = leases.end(&mut tx, J::NAME, lease, job.due_at(&outcome)).await?;
                if kept {
                    job.record(&mut tx, environment, &outcome).await?;
                }
                kept
            }
            Err(error) => {
                say_failure::<J>(environment, &error);
                tx = leases.pool().begin().await?;
                let again = self.0.parts.clock.now().saturating_add(RETRY_AFTER);
                leases.end(&mut tx, J::NAME, lease, again).await?
            }
        };
        tx.commit().await?;
        if !kept {
            tracing::warn!(job = J::NAME, environment = %environment.id, "a turn took longer than its lease");
        }
        Ok(())
    }
}

fn say_failure<J: Job>(environment: &Environment, error: &JobError) {
    let (tenant, id) = (&environment.slug, environment.id);
    tracing::warn!(job = J::NAME, %tenant, environment = %id, %error, cause = ?error, "a turn failed and comes again");
}
