//! One environment on its way from `requested` to `active`: a step per state, each done in the transaction that
//! records it.

mod activate;
mod key;
mod migrated;
mod policies;
mod record;
mod role;
mod schema;

use std::time::Duration;

use futures::future;
use tokio::time::Instant;

pub(super) use activate::activate;
pub(super) use key::insert_data_key;
pub(super) use policies::put_members;
pub use record::{Environment, EnvironmentState};

use super::{
    ControlError, TenantSpec,
    operation::{Label, Run, retrying},
    sql::execute,
};

/// Steps of one environment before it can be opened.
pub(super) const STEPS: i32 = 5;

/// What the steps need to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Provisioning<'a> {
    pub(super) run: &'a Run,
    pub(super) spec: &'a TenantSpec,
    pub(super) environment: &'a Environment,
}

impl Provisioning<'_> {
    fn label(&self, name: &'static str) -> Label {
        label(name, self.spec, self.environment)
    }
}

fn label(name: &'static str, spec: &TenantSpec, environment: &Environment) -> Label {
    Label { name, environment: Some(environment.id), tenant: Some(spec.slug.to_string()) }
}

/// Brings every environment of a tenant to the last state before `active`, at the same time. All are carried as far as
/// they go; the first failure is the answer.
pub(super) async fn provision(run: &Run, spec: &TenantSpec, environments: &[Environment]) -> Result<(), ControlError> {
    let ways = environments.iter().map(|environment| advance(Provisioning { run, spec, environment }));
    future::join_all(ways).await.into_iter().collect()
}

async fn advance(work: Provisioning<'_>) -> Result<(), ControlError> {
    let mut state = work.environment.state;
    while let Some(next) = state.next() {
        if next == EnvironmentState::Active {
            break;
        }
        let started = Instant::now();
        if let Err(error) = retrying(work.run, || step(work, next)).await {
            if !error.is_database_away() {
                work.run.record_failure(&work.label(next.as_str()), started, &error).await?;
            }
            return Err(error);
        }
        tracing::debug!(state = %next, elapsed_us = micros(started.elapsed()), "environment advanced");
        state = next;
    }
    Ok(())
}

async fn step(work: Provisioning<'_>, next: EnvironmentState) -> Result<(), ControlError> {
    match next {
        EnvironmentState::Requested | EnvironmentState::Active => Ok(()),
        EnvironmentState::Role => role::make(work).await,
        EnvironmentState::Schema => schema::make(work).await,
        EnvironmentState::Migrated => migrated::make(work).await,
        EnvironmentState::Key => key::make(work).await,
        EnvironmentState::Policies => policies::make(work).await,
    }
}

/// Moves the recorded state on, in the transaction that did the step.
async fn record_state(
    work: Provisioning<'_>,
    tx: &sea_orm::DatabaseTransaction,
    state: EnvironmentState,
) -> Result<(), ControlError> {
    const MOVE: &str = "UPDATE platform.environment SET state = $2, updated_at = $3 WHERE id = $1";
    let values = [work.environment.id.as_uuid().into(), state.as_str().into(), work.run.control.clock().now().into()];
    execute(tx, MOVE, values).await?;
    Ok(())
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
