//! Step `role`: the environment's own Postgres role, which the API's login role may take on but does not inherit.

use sea_orm::ConnectionTrait as _;

use super::{EnvironmentState, Provisioning, record_state};
use crate::{
    bootstrap::{APP_ROLE, TENANT_GROUP, cluster::SERVER_VERSION_GRANT_OPTIONS},
    provisioning::{ControlError, operation::StepOutcome},
};

pub(super) async fn make(work: Provisioning<'_>) -> Result<(), ControlError> {
    let label = work.label(EnvironmentState::Role.as_str());
    let server_version = work.run.control.server_version().await?;
    let step = work.run.begin(&label).await?;
    step.tx().execute_unprepared(&text(work.environment.schema.as_str(), server_version)).await?;
    record_state(work, step.tx(), EnvironmentState::Role).await?;
    step.finish(StepOutcome::Done, None).await
}

/// The name has the one strict form of a schema name, so it can stand in SQL text.
fn text(name: &str, server_version: u32) -> String {
    let options = if server_version >= SERVER_VERSION_GRANT_OPTIONS { " WITH INHERIT FALSE, SET TRUE" } else { "" };
    format!(
        "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{name}') THEN \
           CREATE ROLE \"{name}\" NOLOGIN; \
         END IF; END$$; \
         GRANT {TENANT_GROUP} TO \"{name}\"; GRANT \"{name}\" TO {APP_ROLE}{options}"
    )
}
