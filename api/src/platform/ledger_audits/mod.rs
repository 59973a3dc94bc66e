//! Audits of ledgers.

pub mod create;
pub mod list;
pub mod list_of_tenant;
pub mod retrieve;

use kernel::{LedgerAuditId, Slug};
use tenancy::provisioning::{LedgerAuditFilter, LedgerAuditStatus};

use super::objects::PageQuery;
use crate::ApiError;

/// An id in a path. One that is no id at all answers like one that does not exist.
fn id(text: &str) -> Result<LedgerAuditId, ApiError> {
    text.parse().map_err(|_| {
        let kind = crate::error::ErrorType::InvalidRequestError;
        let message = "There is no such audit.";
        ApiError::new(http::StatusCode::NOT_FOUND, kind, Some("ledger_audit_missing"), message).with_param("id")
    })
}

fn filter(tenant: Option<Slug>, query: &PageQuery) -> Result<LedgerAuditFilter, ApiError> {
    Ok(LedgerAuditFilter {
        tenant,
        status: query.word("status", LedgerAuditStatus::ALL, LedgerAuditStatus::as_str)?,
        starting_after: query.starting_after()?,
        limit: query.limit()?,
    })
}
