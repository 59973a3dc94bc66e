//! Step `role`: the environment's own Postgres role, which the login roles of API and worker may take on but do not
//! inherit.

use sea_orm::ConnectionTrait as _;

use super::{EnvironmentState, Provisioning, record_state};
use crate::{
    SchemaName,
    bootstrap::{APP_ROLE, TENANT_GROUP, WORKER_ROLE, platform::grant_text},
    provisioning::{ControlError, operation::StepOutcome},
};

pub(super) async fn make(work: Provisioning<'_>) -> Result<(), ControlError> {
    let label = work.label(EnvironmentState::Role.as_str());
    let server_version = work.run.control.server_version().await?;
    let step = work.run.begin(&label).await?;
    step.tx().execute_unprepared(&text(&work.environment.schema, server_version)).await?;
    record_state(work, step.tx(), EnvironmentState::Role).await?;
    step.finish(StepOutcome::Done, None).await
}

/// The name has the one strict form of a schema name, so it can stand in SQL text.
fn text(name: &SchemaName, server_version: u32) -> String {
    let grants = [APP_ROLE, WORKER_ROLE].map(|login| grant_text(name, login, server_version)).join("; ");
    format!(
        "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{name}') THEN \
           CREATE ROLE \"{name}\" NOLOGIN; \
         END IF; END$$; \
         GRANT {TENANT_GROUP} TO \"{name}\"; {grants}"
    )
}
