//! Step `migrated`: all tables in one round trip.

use migration::tenant::{baseline, migrations_up_to};
use sea_orm::ConnectionTrait as _;

use super::{EnvironmentState, Provisioning, record_state};
use crate::provisioning::{ControlError, operation::StepOutcome, sql::execute};

pub(super) async fn make(work: Provisioning<'_>) -> Result<(), ControlError> {
    const RECORD: &str = "UPDATE platform.environment SET schema_version = $2 WHERE id = $1";
    let label = work.label(EnvironmentState::Migrated.as_str());
    let version_max = work.run.control.config().schema_version_max.as_deref();
    let version = migrations_up_to(version_max).last().map(|migration| migration.version);
    let step = work.run.begin(&label).await?;
    let schema = work.environment.schema.quoted();
    let text = format!("SET LOCAL search_path TO {schema}, pg_temp; {}", baseline(version_max));
    step.tx().execute_unprepared(&text).await?;
    execute(step.tx(), RECORD, [work.environment.id.as_uuid().into(), version.into()]).await?;
    record_state(work, step.tx(), EnvironmentState::Migrated).await?;
    step.finish(StepOutcome::Done, version.map(str::to_owned)).await
}
