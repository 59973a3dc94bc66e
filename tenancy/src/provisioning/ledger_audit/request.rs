//! Has a tenant's ledgers audited now: their turn comes at once, and a worker takes it.

use kernel::{EnvironmentId, Mode, Slug};
use time::OffsetDateTime;

use super::LEDGER_AUDIT_JOB;
use crate::provisioning::{
    Change, ControlError, ControlPlane, Reply, StaffCall, TenantStatus, Written,
    audit::{self, Target},
    sql::execute,
    tenant::{find, tenant_missing, wrong_status},
};

/// An audit under way began before it was asked for, so the turn behind it is what counts.
const DUE_NOW: &str = "\
INSERT INTO platform.environment_job (environment_id, job, due_at) \
SELECT id, $2, $3 FROM platform.environment WHERE tenant_id = $1 AND state = 'active' \
ON CONFLICT (environment_id, job) DO UPDATE SET due_at = excluded.due_at";

/// Audits that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerAuditRequest {
    /// Whose ledgers.
    pub tenant: Slug,
    /// In which environments.
    pub environments: Vec<(EnvironmentId, Mode)>,
    /// Audits that began from then on answer it.
    pub requested_at: OffsetDateTime,
}

impl ControlPlane {
    /// Has the ledgers of a tenant's environments audited now.
    pub async fn request_ledger_audit(
        &self,
        call: &StaffCall,
        slug: &Slug,
    ) -> Result<Reply<LedgerAuditRequest>, ControlError> {
        call.check()?;
        let tx = self.begin().await?;
        let tenant = find(&tx, slug).await?.ok_or_else(|| tenant_missing(slug))?;
        if tenant.status != TenantStatus::Active {
            return Err(wrong_status(&tenant).into());
        }
        if call.dry_run {
            return Ok(Reply::Planned(vec![Change::of("audit", slug.as_str())]));
        }
        // As rows keep it.
        let now = self.clock().now();
        let requested_at = now.replace_microsecond(now.microsecond()).unwrap_or(now);
        let values = [tenant.id.as_uuid().into(), LEDGER_AUDIT_JOB.into(), requested_at.into()];
        execute(&tx, DUE_NOW, values).await?;
        audit::succeeded(self, &tx, call, "ledger_audit.create", Target::Tenant(slug)).await?;
        tx.commit().await?;
        let environments = tenant.environments.iter().map(|environment| (environment.id, environment.mode)).collect();
        let object = LedgerAuditRequest { tenant: slug.clone(), environments, requested_at };
        Ok(Reply::Written(Written { changed: true, action: "requested", object, operation: None }))
    }
}
