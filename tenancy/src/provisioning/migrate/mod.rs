//! Brings the schemas of environments forward: canaries first, many at once, a result for each.

mod environment;
mod migrator_lock;
mod request;
mod run;
mod versions;

pub use request::MigrationRequest;
pub(super) use run::migrate;
