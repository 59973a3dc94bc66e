//! All environments: what needs nothing at once, then the canaries, then the others.

use std::collections::HashSet;

use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use kernel::EnvironmentId;
use sea_orm::ConnectionTrait as _;
use serde_json::Value;

use super::{
    MigrationRequest,
    environment::{forward, label},
    migrator_lock::MigratorLock,
    versions::{Scheduled, schedule},
};
use crate::provisioning::{
    ControlError, Failure, OperationState,
    operation::{Ending, Run, StepOutcome},
    sql::{execute, statement},
};

const TOTAL: &str = "UPDATE platform.operation SET steps_total = $2 WHERE id = $1";
const DONE: &str = "\
SELECT DISTINCT environment_id FROM platform.operation_step WHERE operation_id = $1 AND outcome <> 'failed'";

/// The operation's work.
pub(in crate::provisioning) async fn migrate(run: &Run, parameters: Value) -> Result<Ending, ControlError> {
    let request: MigrationRequest = serde_json::from_value(parameters)
        .map_err(|_| ControlError::Corrupt { table: "platform.operation", what: "parameters" })?;
    let lock = MigratorLock::take(run).await?;
    let ended = migrate_alone(run, &request).await;
    lock.release().await?;
    ended
}

async fn migrate_alone(run: &Run, request: &MigrationRequest) -> Result<Ending, ControlError> {
    let items = schedule(&run.control, request).await?;
    let total = items.len();
    let count = i32::try_from(total).unwrap_or(i32::MAX);
    execute(run.control.orm(), TOTAL, [run.operation.as_uuid().into(), count.into()]).await?;
    let (current, behind): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.pending == 0);
    record_unchanged(run, &current).await?;

    let (canaries, others) = behind.split_at(request.canary.min(behind.len()));
    let failed = forward_all(run, request, canaries).await?;
    if !failed.is_empty() {
        let done = total.saturating_sub(behind.len()).saturating_add(canaries.len()).saturating_sub(failed.len());
        return Ok(stopped_by_canary(&failed, others.len(), done));
    }
    let failed = forward_all(run, request, others).await?;
    let failed: Vec<_> = failed.iter().map(String::as_str).collect();
    Ok(Ending::of_parts("environments", total, &failed))
}

fn stopped_by_canary(failed: &[String], untouched: usize, done: usize) -> Ending {
    let state = if done > 0 { OperationState::Partial } else { OperationState::Failed };
    let failure = Failure {
        code: "canary_failed".to_owned(),
        message: format!("The first to go failed ({}), so {untouched} others were left alone.", failed.join(", ")),
        param: None,
        hint: Some("The step says why. Mend the cause, then resume the operation.".to_owned()),
    };
    Ending::failure(state, failure)
}

/// Carries on after a failure. Answers with those that failed, as `slug/mode`.
async fn forward_all(run: &Run, request: &MigrationRequest, items: &[&Scheduled]) -> Result<Vec<String>, ControlError> {
    let environments: Vec<BoxFuture<'_, _>> = items.iter().map(|item| one(run, item).boxed()).collect();
    let outcomes: Vec<_> = stream::iter(environments).buffer_unordered(request.parallel).collect().await;
    run.check()?;
    let mut failed = Vec::new();
    for (item, outcome) in outcomes {
        match outcome {
            Ok(()) => {}
            Err(error) if error.is_database_away() => return Err(error),
            Err(_) => failed.push(format!("{}/{}", item.slug, item.environment.mode)),
        }
    }
    failed.sort_unstable();
    Ok(failed)
}

async fn one<'a>(run: &Run, item: &'a Scheduled) -> (&'a Scheduled, Result<(), ControlError>) {
    let outcome = match run.check() {
        Ok(()) => forward(run, item).await,
        stopped => stopped,
    };
    (item, outcome)
}

/// All in one transaction: a migration with nothing to do is quick however many environments there are.
async fn record_unchanged(run: &Run, items: &[&Scheduled]) -> Result<(), ControlError> {
    let rows = run.control.orm().query_all_raw(statement(DONE, [run.operation.as_uuid().into()])).await?;
    let mut recorded = HashSet::new();
    for row in rows {
        recorded.extend(row.try_get::<Option<_>>("", "environment_id")?.map(EnvironmentId::from_uuid));
    }
    let items = items.iter().filter(|item| !recorded.contains(&item.environment.id));
    let labels: Vec<_> = items.map(|item| (label(item), item.newest.clone())).collect();
    run.record_all(&labels, StepOutcome::Unchanged).await
}
