//! Audits every environment's ledger: recomputes what it says of itself, and reports.

mod outcome;

use std::{sync::Arc, time::Duration};

use kernel::{Clock, Entropy, LedgerAuditId};
use policies::AuditLedger;
use sqlx::PgConnection;
use tenancy::{Environment, UnitsOfWork, provisioning::LEDGER_AUDIT_JOB};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use self::outcome::Outcome;
use crate::{
    drive::WorkerParts,
    job::{Job, JobActor, JobError},
};

/// Its one role.
const ROLE: &str = "system_ledger_audit";

/// The job.
#[derive(Debug)]
pub(crate) struct LedgerAudit {
    actor: JobActor,
    units: UnitsOfWork,
    interval: Duration,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Job for LedgerAudit {
    type Outcome = Outcome;
    const NAME: &'static str = LEDGER_AUDIT_JOB;
    /// One after the other: an audit reads as fast as it can, and posting goes first.
    const LEASED_MAX: u16 = 1;
    const PARALLEL: usize = 1;

    async fn run(&self, environment: &Arc<Environment>, stop: &CancellationToken) -> Result<Option<Outcome>, JobError> {
        let permit = self.actor.permit::<AuditLedger>(environment, &*self.clock).await?;
        let started_at = self.clock.now();
        // It only looks, so it may be dropped wherever it is.
        let report = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(None),
            report = payments::ledger_audit::run(self.units.database(), environment, &permit) => report?,
        };
        let id = LedgerAuditId::generate(&*self.clock, &*self.entropy);
        let outcome = Outcome { id, started_at, finished_at: self.clock.now(), report };
        outcome.say(environment);
        Ok(Some(outcome))
    }

    fn due_at(&self, outcome: &Outcome) -> OffsetDateTime {
        let pause = time::Duration::try_from(self.interval).unwrap_or(time::Duration::MAX);
        outcome.finished_at.saturating_add(pause)
    }

    async fn record(
        &self,
        connection: &mut PgConnection,
        environment: &Environment,
        outcome: &Outcome,
    ) -> Result<(), sqlx::Error> {
        outcome.store(connection, environment).await
    }
}

impl LedgerAudit {
    pub(crate) fn new(parts: &WorkerParts, interval: Duration) -> Self {
        Self {
            actor: JobActor::new(Self::NAME, ROLE, parts.policies.clone()),
            units: parts.units.clone(),
            interval,
            clock: Arc::clone(&parts.clock),
            entropy: Arc::clone(&parts.entropy),
        }
    }
}
