//! Who is the tenant, and the only way into its rows.
//!
//! A credential becomes a [`TenantScope`]; a scope's [`Environment`] begins a [`TenantTx`]; everything
//! a request reads or changes goes through it. Outside a `TenantTx` the login role sees no tenant table.

pub mod actor;
pub mod audit;
pub mod bootstrap;
mod cache;
pub mod database;
pub mod directory;
pub mod environment;
pub mod field_keys;
pub mod hints;
pub mod idempotency;
pub mod identity;
pub mod lane;
pub mod provisioning;
pub mod scope;
pub mod tx;
pub mod unit_of_work;

pub use actor::Actor;
pub use database::{Database, DatabaseConfig, DatabaseError};
pub use environment::{Environment, SchemaName};
pub use scope::TenantScope;
pub use tx::{CommitError, Committed, TenantTx};
pub use unit_of_work::{UnitError, UnitsOfWork};
