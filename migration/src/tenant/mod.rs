//! The schema of one environment.
//!
//! Every migration grants its own: a new table is the control role's, and the environment's role (which has the
//! schema's name, so `current_schema()`) may do with it only what the migration says. What has happened (entries,
//! transfers, audit records) gets SELECT and INSERT, never UPDATE or DELETE. A migration expands, or contracts what no
//! running release reads any more; it backfills nothing and waits for no lock longer than two seconds.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::SqlMigration;

/// Every migration of an environment's schema, oldest first.
pub const MIGRATIONS: &[SqlMigration] = &[
    SqlMigration { version: "m0001_baseline", sql: include_str!("0001_baseline.sql") },
    SqlMigration {
        version: "m0002_wallet_transfers_by_wallet",
        sql: include_str!("0002_wallet_transfers_by_wallet.sql"),
    },
    SqlMigration { version: "m0003_posting_engine", sql: include_str!("0003_posting_engine.sql") },
    SqlMigration { version: "m0004_fx", sql: include_str!("0004_fx.sql") },
    SqlMigration { version: "m0005_wallet_transfers_by_hold", sql: include_str!("0005_wallet_transfers_by_hold.sql") },
    SqlMigration { version: "m0006_chained_entries", sql: include_str!("0006_chained_entries.sql") },
];

/// The migrations up to and including `version_max`, or all. An unknown version gives none.
pub fn migrations_up_to(version_max: Option<&str>) -> &'static [SqlMigration] {
    let Some(version_max) = version_max else { return MIGRATIONS };
    let end = MIGRATIONS.iter().position(|migration| migration.version == version_max).map_or(0, |index| index + 1);
    MIGRATIONS.get(..end).unwrap_or_default()
}

/// One SQL text that makes a new environment's tables and records the migrations as applied.
///
/// It is the migrations themselves, so it cannot drift from them. Run it in one transaction with
/// `search_path` set to the new schema.
pub fn baseline(version_max: Option<&str>) -> String {
    let migrations = migrations_up_to(version_max);
    let mut text = String::from(
        "CREATE TABLE seaql_migrations (version varchar NOT NULL PRIMARY KEY, applied_at bigint NOT NULL);\n",
    );
    for SqlMigration { version, sql } in migrations {
        text.push_str(sql);
        text.push_str("\nINSERT INTO seaql_migrations (version, applied_at) VALUES ('");
        text.push_str(version);
        text.push_str("', extract(epoch FROM now())::bigint);\n");
    }
    text
}

/// Brings an environment's schema forward.
#[derive(Debug)]
pub struct TenantMigrator;

impl MigratorTrait for TenantMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        MIGRATIONS.iter().map(|migration| -> Box<dyn MigrationTrait> { Box::new(*migration) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_unique_and_in_order() {
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.version < b.version));
    }

    #[test]
    fn a_pinned_baseline_stops_at_its_version() {
        let pinned = baseline(Some("m0001_baseline"));
        assert!(pinned.contains("m0001_baseline") && !pinned.contains("m0002"));
        assert!(baseline(None).contains("m0002_wallet_transfers_by_wallet"));
        assert!(migrations_up_to(Some("m9999")).is_empty());
    }
}
