//! Jobs of the platform: work that nobody asks for, in every environment, one file a job.
//!
//! Which environment's turn it is stands in `platform.environment_job`: a worker leases turns (`SKIP LOCKED`), commits,
//! does the work, and records when the next turn is. A worker that dies leaves a lease that expires; another goes on.
//! A job is an actor with a role of its own: policies permit it, and it reaches rows only through a `TenantTx` or the
//! posting engine, like everybody else.

mod drive;
mod hold_expiry;
mod job;
mod lease;
mod ledger_audit;

pub use drive::{Worker, WorkerConfig, WorkerParts};
