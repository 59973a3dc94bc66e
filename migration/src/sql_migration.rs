//! A migration that is one SQL text with a version.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// One step forward: its version, which sorts, and the statements it runs.
#[derive(Clone, Copy, Debug)]
pub struct SqlMigration {
    /// What `seaql_migrations` records, such as `m0002_wallet_transfers_by_wallet`.
    pub version: &'static str,
    /// The statements.
    pub sql: &'static str,
}

impl MigrationName for SqlMigration {
    fn name(&self) -> &str {
        self.version
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SqlMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.sql).await.map(|_| ())
    }
}
