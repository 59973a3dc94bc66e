//! An audit of a ledger.

use kernel::{EnvironmentId, LedgerAuditId, Mode, Slug};
use serde::Serialize;
use serde_json::Value;
use tenancy::provisioning;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::described::LedgerFinding;

/// What an audit of one environment's ledger came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerAudit {
    /// Always `ledger_audit`.
    object: &'static str,
    /// Identifier.
    #[schema(value_type = String)]
    id: LedgerAuditId,
    /// Slug of the tenant.
    #[schema(value_type = String)]
    tenant: Slug,
    /// In which environment.
    #[schema(value_type = String)]
    environment: EnvironmentId,
    /// `live` or `test`.
    #[schema(value_type = String)]
    mode: Mode,
    /// `passed`, or `failed` if anything is not as it must be.
    status: &'static str,
    /// How many accounts there are.
    accounts: i64,
    /// How many entries they have: two for each transfer.
    entries: i64,
    /// How much is wrong.
    findings_count: i64,
    /// The first 100 of it.
    #[schema(value_type = Vec<LedgerFinding>)]
    findings: Value,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    finished_at: OffsetDateTime,
}

/// Audits that were asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerAuditRequest {
    /// Always `ledger_audit_request`.
    object: &'static str,
    /// Slug of the tenant.
    #[schema(value_type = String)]
    tenant: Slug,
    /// Which ledgers are audited.
    environments: Vec<AuditedEnvironment>,
    /// Audits that began from then on answer it.
    #[serde(with = "time::serde::rfc3339")]
    requested_at: OffsetDateTime,
}

/// An environment whose ledger is to be audited.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditedEnvironment {
    /// Identifier.
    #[schema(value_type = String)]
    id: EnvironmentId,
    /// `live` or `test`.
    #[schema(value_type = String)]
    mode: Mode,
}

impl From<provisioning::LedgerAudit> for LedgerAudit {
    fn from(audit: provisioning::LedgerAudit) -> Self {
        Self {
            object: "ledger_audit",
            id: audit.id,
            status: audit.status().as_str(),
            tenant: audit.tenant,
            environment: audit.environment,
            mode: audit.mode,
            accounts: audit.accounts,
            entries: audit.entries,
            findings_count: audit.findings_count,
            findings: audit.findings,
            started_at: audit.started_at,
            finished_at: audit.finished_at,
        }
    }
}

impl From<provisioning::LedgerAuditRequest> for LedgerAuditRequest {
    fn from(request: provisioning::LedgerAuditRequest) -> Self {
        let environments = request.environments.into_iter().map(|(id, mode)| AuditedEnvironment { id, mode });
        Self {
            object: "ledger_audit_request",
            tenant: request.tenant,
            environments: environments.collect(),
            requested_at: request.requested_at,
        }
    }
}
