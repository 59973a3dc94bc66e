//! What a job is.

use std::sync::Arc;

use kernel::Clock;
use ledger::EngineError;
use policies::{Action, Attributes, Permit, Policies, Subject};
use sqlx::PgConnection;
use tenancy::{Actor, Environment, UnitError};
use thiserror::Error;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

/// Work that comes up in every environment again and again.
pub(crate) trait Job: Send + Sync + 'static {
    /// What a turn came to.
    type Outcome: Send;
    /// Names the job in its table, its log lines and audit records.
    const NAME: &'static str;
    /// Most environments leased at once.
    const LEASED_MAX: u16;
    /// How many of them are worked on at once.
    const PARALLEL: usize;

    /// One turn in one environment; `None` if it was told to stop before it had come to something. It may come a second
    /// time, whatever became of the first.
    fn run(
        &self,
        environment: &Arc<Environment>,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<Option<Self::Outcome>, JobError>> + Send;

    /// When the next turn is.
    fn due_at(&self, outcome: &Self::Outcome) -> OffsetDateTime;

    /// Writes the outcome to schema `platform`, in the transaction that ends the lease.
    fn record(
        &self,
        connection: &mut PgConnection,
        environment: &Environment,
        outcome: &Self::Outcome,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Why a turn came to nothing. It is tried again.
#[derive(Debug, Error)]
pub(crate) enum JobError {
    /// The policies do not permit it, or cannot say.
    #[error("the policies do not permit it")]
    Refused(#[from] policies::Refusal),
    /// A permit for somewhere else: a defect.
    #[error(transparent)]
    ForeignPermit(#[from] policies::ForeignPermit),
    /// Rows could not be read.
    #[error("rows could not be read")]
    Database(#[from] sqlx::Error),
    /// A transaction could not be had.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// The domain failed.
    #[error(transparent)]
    Domain(#[from] payments::Failure),
    /// The posting engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A job as an actor: its name, its one role, and how it is permitted what it does.
#[derive(Clone, Debug)]
pub(crate) struct JobActor {
    actor: Arc<Actor>,
    role: &'static str,
    policies: Policies,
}

impl JobActor {
    pub(crate) fn new(job: &'static str, role: &'static str, policies: Policies) -> Self {
        Self { actor: Arc::new(Actor::System { job, role }), role, policies }
    }

    pub(crate) const fn actor(&self) -> &Arc<Actor> {
        &self.actor
    }

    /// The proof that the job may do `A` in this environment.
    pub(crate) async fn permit<A: Action>(
        &self,
        environment: &Environment,
        clock: &dyn Clock,
    ) -> Result<Permit<A>, JobError> {
        let subject = Subject::tenant(environment.id, self.role);
        Ok(self.policies.permit::<A>(&subject, &Attributes::at(clock.now())).await?)
    }
}
