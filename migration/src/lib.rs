//! The database schema: the control plane's (`platform`) and each environment's own.
//!
//! Migrations are committed SQL texts, run forward only. A new environment gets all of them in one
//! round trip ([`tenant::baseline`]); an older one is brought forward by [`tenant::TenantMigrator`],
//! which works in the schema that comes first in `search_path`.

pub mod platform;
mod sql_migration;
pub mod tenant;

pub use sql_migration::SqlMigration;
