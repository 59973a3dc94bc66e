//! Which environments there are, and which migrations each lacks: asked of the version tables, many in one query.

use std::collections::{HashMap, HashSet};

use entity::platform::{environment, tenant};
use kernel::{Mode, Slug};
use migration::tenant::migrations_up_to;
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _};

use super::MigrationRequest;
use crate::provisioning::{ControlError, ControlPlane, Environment, TenantStatus, sql::statement};

/// Schemas asked in one query.
const CHUNK: usize = 200;

/// An environment and what it lacks.
#[derive(Clone, Debug)]
pub(super) struct Scheduled {
    pub(super) slug: Slug,
    pub(super) environment: Environment,
    /// The newest version it has.
    pub(super) newest: Option<String>,
    /// How many it lacks.
    pub(super) pending: usize,
}

/// Everything that has tables and is not offboarded, sandboxes first, oldest tenant first: the order in which
/// canaries are chosen and the others follow.
pub(super) async fn schedule(
    control: &ControlPlane,
    request: &MigrationRequest,
) -> Result<Vec<Scheduled>, ControlError> {
    let mut query = tenant::Entity::find().filter(tenant::Column::Status.ne(TenantStatus::Offboarded.as_str()));
    if let Some(tenants) = &request.tenants {
        query = query.filter(tenant::Column::Slug.is_in(tenants.iter().map(Slug::as_str)));
    }
    let slugs: HashMap<_, _> = query.all(control.orm()).await?.into_iter().map(|row| (row.id, row.slug)).collect();
    let mut environments = Vec::new();
    for row in environment::Entity::find().all(control.orm()).await? {
        let Some(slug) = slugs.get(&row.tenant_id) else { continue };
        let slug: Slug = slug.parse().map_err(|_| ControlError::Corrupt { table: "platform.tenant", what: "slug" })?;
        let environment = Environment::try_from(row)?;
        if environment.state.has_tables() {
            environments.push((slug, environment));
        }
    }
    environments.sort_by_key(|(_, environment)| (environment.mode == Mode::Live, environment.tenant));
    let mut scheduled = Vec::with_capacity(environments.len());
    for chunk in environments.chunks(CHUNK) {
        scheduled.extend(compare(control, request, chunk).await?);
    }
    Ok(scheduled)
}

async fn compare(
    control: &ControlPlane,
    request: &MigrationRequest,
    chunk: &[(Slug, Environment)],
) -> Result<Vec<Scheduled>, ControlError> {
    // Schema names have one strict form, so they can stand in SQL text.
    let text = chunk.iter().map(|(_, environment)| {
        let schema = &environment.schema;
        format!("SELECT '{schema}' AS schema, version::text FROM {}.seaql_migrations", schema.quoted())
    });
    let text = text.collect::<Vec<_>>().join(" UNION ALL ");
    let mut applied: HashMap<String, HashSet<String>> = HashMap::new();
    for row in control.orm().query_all_raw(statement(&text, [])).await? {
        applied.entry(row.try_get("", "schema")?).or_default().insert(row.try_get("", "version")?);
    }
    let wanted = migrations_up_to(request.version_max.as_deref());
    let none = HashSet::new();
    let scheduled = chunk.iter().map(|(slug, environment)| {
        let applied = applied.get(environment.schema.as_str()).unwrap_or(&none);
        Scheduled {
            slug: slug.clone(),
            environment: environment.clone(),
            newest: applied.iter().max().cloned(),
            pending: wanted.iter().filter(|migration| !applied.contains(migration.version)).count(),
        }
    });
    Ok(scheduled.collect())
}
