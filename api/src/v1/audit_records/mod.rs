//! `/v1/audit_records`: what was done and what was refused.

pub mod list;
mod object;
pub mod retrieve;

pub use object::AuditRecord;
