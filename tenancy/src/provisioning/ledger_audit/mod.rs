//! Audits of ledgers: what the worker's audits came to, and having one now. The control plane never reads a ledger.

mod read;
mod request;

use kernel::{EnvironmentId, LedgerAuditId, Mode, Slug};
use serde_json::Value;
use time::OffsetDateTime;

use super::operation::words;

pub use request::LedgerAuditRequest;

/// The worker's job that audits, as its turns are named.
pub const LEDGER_AUDIT_JOB: &str = "ledger_audit";

words! {
    /// What an audit came to.
    LedgerAuditStatus in "platform.ledger_audit" {
        /// Everything is as it must be.
        Passed = "passed",
        /// Something is not.
        Failed = "failed",
    }
}

/// What an audit of one environment's ledger came to.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerAudit {
    /// Identifier.
    pub id: LedgerAuditId,
    /// Whose ledger.
    pub tenant: Slug,
    /// In which environment.
    pub environment: EnvironmentId,
    /// Live or test.
    pub mode: Mode,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: OffsetDateTime,
    /// How many accounts there are.
    pub accounts: i64,
    /// How many entries they have.
    pub entries: i64,
    /// How much is wrong.
    pub findings_count: i64,
    /// The first of it, as the worker described it.
    pub findings: Value,
}

impl LedgerAudit {
    /// What it came to.
    pub const fn status(&self) -> LedgerAuditStatus {
        if self.findings_count == 0 { LedgerAuditStatus::Passed } else { LedgerAuditStatus::Failed }
    }
}

/// Which audits to read.
#[derive(Clone, Debug)]
pub struct LedgerAuditFilter {
    /// Of this tenant alone.
    pub tenant: Option<Slug>,
    /// Of this outcome alone.
    pub status: Option<LedgerAuditStatus>,
    /// The page behind this one.
    pub starting_after: Option<LedgerAuditId>,
    /// At most so many.
    pub limit: u64,
}
