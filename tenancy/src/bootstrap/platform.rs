//! Brings schema `platform` forward.

use migration::platform::PlatformMigrator;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, TransactionTrait as _};
use sea_orm_migration::MigratorTrait as _;

use super::BootstrapError;
use crate::Database;

/// Processes that start at once take turns: `platform` in ASCII.
const LOCK: i64 = 0x706c_6174_666f_726d;

/// Applies what is missing, as the control role, and answers with the versions applied.
pub async fn migrate_platform(database: &Database) -> Result<Vec<String>, BootstrapError> {
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
    let versions: Vec<String> = pending.iter().map(|migration| migration.name().to_owned()).collect();
    if !versions.is_empty() {
        PlatformMigrator::up(tx, None).await?;
    }
    Ok(versions)
}
