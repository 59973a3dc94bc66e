//! One environment forward, one migration and one transaction after the other.

use migration::tenant::TenantMigrator;
use sea_orm::ConnectionTrait as _;
use sea_orm_migration::MigratorTrait as _;
use tokio::time::Instant;

use super::versions::Scheduled;
use crate::provisioning::{
    ControlError,
    operation::{Label, Run, StepOutcome, retrying},
    sql::{execute, statement},
    tenant::enter,
};

const NEWEST: &str = "SELECT max(version)::text AS version FROM seaql_migrations";
const RECORD: &str = "\
UPDATE platform.environment SET schema_version = $2, updated_at = $3 WHERE id = $1";

pub(super) fn label(item: &Scheduled) -> Label {
    Label { name: "migrate", environment: Some(item.environment.id), tenant: Some(item.slug.to_string()) }
}

/// Applies what the environment lacks, and records how that ended.
pub(super) async fn forward(run: &Run, item: &Scheduled) -> Result<(), ControlError> {
    let label = label(item);
    let started = Instant::now();
    for _ in 0..item.pending {
        if let Err(error) = retrying(run, || next(run, &label, item)).await {
            if !error.is_database_away() {
                run.record_failure(&label, started, &error).await?;
            }
            return Err(error);
        }
    }
    Ok(())
}

/// The next migration. Whoever waits for a lock of ours waits two seconds at most, and so do we for theirs.
async fn next(run: &Run, label: &Label, item: &Scheduled) -> Result<(), ControlError> {
    let step = run.begin(label).await?;
    step.tx().execute_unprepared("SET LOCAL lock_timeout = '2s'").await?;
    enter(step.tx(), &item.environment.schema).await?;
    TenantMigrator::up(step.tx(), Some(1)).await?;
    let version: Option<String> = match step.tx().query_one_raw(statement(NEWEST, [])).await? {
        Some(row) => row.try_get("", "version")?,
        None => None,
    };
    let values = [item.environment.id.as_uuid().into(), version.clone().into(), run.control.clock().now().into()];
    execute(step.tx(), RECORD, values).await?;
    step.finish(StepOutcome::Done, version).await
}
