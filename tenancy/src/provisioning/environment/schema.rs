//! Step `schema`: the environment's schema, which the control role keeps, so that no tenant's role has DDL.

use sea_orm::ConnectionTrait as _;

use super::{EnvironmentState, Provisioning, record_state};
use crate::provisioning::{ControlError, operation::StepOutcome};

pub(super) async fn make(work: Provisioning<'_>) -> Result<(), ControlError> {
    let label = work.label(EnvironmentState::Schema.as_str());
    let step = work.run.begin(&label).await?;
    let schema = work.environment.schema.quoted();
    step.tx().execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).await?;
    record_state(work, step.tx(), EnvironmentState::Schema).await?;
    step.finish(StepOutcome::Done, None).await
}
