//! Brings schema `platform` forward, and what older releases granted to newer login roles.

use migration::platform::PlatformMigrator;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, TransactionTrait as _};
use sea_orm_migration::MigratorTrait as _;

use super::{BootstrapError, TENANT_GROUP, WORKER_ROLE, cluster::SERVER_VERSION_GRANT_OPTIONS};
use crate::Database;

/// Processes that start at once take turns: `platform` in ASCII.
const LOCK: i64 = 0x706c_6174_666f_726d;

/// Applies what is missing, as the control role, and answers with what was done, a line each.
pub async fn migrate_platform(database: &Database) -> Result<Vec<String>, BootstrapError> {
    let worker = format!("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = '{WORKER_ROLE}'");
    let exists = database.orm().query_one_raw(statement(worker)).await.map_err(BootstrapError::Migration)?.is_some();
    if !exists {
        return Err(BootstrapError::RoleMissing { role: WORKER_ROLE });
    }
    let tx = database.orm().begin().await.map_err(BootstrapError::Migration)?;
    let applied = migrate(&tx).await.map_err(BootstrapError::Migration)?;
    tx.commit().await.map_err(BootstrapError::Migration)?;
    Ok(applied)
}

async fn migrate(tx: &DatabaseTransaction) -> Result<Vec<String>, sea_orm::DbErr> {
    tx.execute_unprepared(&format!(
        "SET LOCAL lock_timeout = '10s'; SET LOCAL client_min_messages = warning; \
         SELECT pg_catalog.pg_advisory_xact_lock({LOCK}); \
         CREATE SCHEMA IF NOT EXISTS platform; SET LOCAL search_path TO platform, pg_temp"
    ))
    .await?;
    let pending = PlatformMigrator::get_pending_migrations(tx).await?;
    let mut done: Vec<String> =
        pending.iter().map(|migration| format!("platform migration {}", migration.name())).collect();
    if !done.is_empty() {
        PlatformMigrator::up(tx, None).await?;
    }
    let granted = open_to_worker(tx).await?;
    if granted > 0 {
        done.push(format!("{granted} environments for {WORKER_ROLE}"));
    }
    Ok(done)
}

/// Lets the worker take on the roles of environments that were made before there was a worker, or by a release that
/// knew of none. Only roles that provisioning made are members of the tenants' group.
async fn open_to_worker(tx: &DatabaseTransaction) -> Result<u64, sea_orm::DbErr> {
    let missing = format!(
        "SELECT r.rolname::text AS name, current_setting('server_version_num')::int AS version \
         FROM pg_catalog.pg_roles r JOIN platform.environment e ON e.schema_name = r.rolname::text \
         WHERE pg_catalog.pg_has_role(r.oid, '{TENANT_GROUP}', 'MEMBER') \
           AND NOT pg_catalog.pg_has_role('{WORKER_ROLE}', r.oid, 'MEMBER') ORDER BY 1"
    );
    let rows = tx.query_all_raw(statement(missing)).await?;
    for row in &rows {
        let (name, version): (String, i32) = (row.try_get("", "name")?, row.try_get("", "version")?);
        let name: crate::SchemaName = name.parse().map_err(|error| sea_orm::DbErr::Custom(format!("{error}")))?;
        let text = grant_text(&name, WORKER_ROLE, u32::try_from(version).unwrap_or(0));
        tx.execute_unprepared(&text).await?;
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

/// Lets a login role take on an environment's role, without having its rights before it does.
pub(crate) fn grant_text(environment: &crate::SchemaName, login: &str, server_version: u32) -> String {
    let options = if server_version >= SERVER_VERSION_GRANT_OPTIONS { " WITH INHERIT FALSE, SET TRUE" } else { "" };
    format!("GRANT {} TO {login}{options}", environment.quoted())
}

fn statement(text: String) -> sea_orm::Statement {
    sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, text)
}
