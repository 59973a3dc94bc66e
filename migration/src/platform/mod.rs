//! The control plane's schema.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::SqlMigration;

/// Every migration of schema `platform`, oldest first.
pub const MIGRATIONS: &[SqlMigration] = &[
    SqlMigration { version: "m0001_control_plane", sql: include_str!("0001_control_plane.sql") },
    SqlMigration { version: "m0002_worker", sql: include_str!("0002_worker.sql") },
];

/// Brings `platform` forward.
#[derive(Debug)]
pub struct PlatformMigrator;

impl MigratorTrait for PlatformMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        MIGRATIONS.iter().map(|migration| -> Box<dyn MigrationTrait> { Box::new(*migration) }).collect()
    }
}
