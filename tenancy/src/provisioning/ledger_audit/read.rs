//! Reads audits, newest first.

use kernel::{EnvironmentId, LedgerAuditId};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult, Value};

use super::{LedgerAudit, LedgerAuditFilter, LedgerAuditStatus};
use crate::provisioning::{ControlError, ControlPlane, Refusal, sql::statement, tenant::find};

const AUDITS: &str = "\
SELECT a.id, a.environment_id, t.slug, e.mode, a.started_at, a.finished_at, a.accounts, a.entries, a.findings_count, \
       a.findings \
  FROM platform.ledger_audit a \
  JOIN platform.environment e ON e.id = a.environment_id JOIN platform.tenant t ON t.id = e.tenant_id \
 WHERE ($1::uuid IS NULL OR a.id = $1) AND ($2::text IS NULL OR t.slug = $2) \
   AND ($3::boolean IS NULL OR (a.findings_count = 0) = $3) AND ($4::uuid IS NULL OR a.id < $4) \
 ORDER BY a.id DESC LIMIT $5";

impl ControlPlane {
    /// One audit.
    pub async fn ledger_audit(&self, id: LedgerAuditId) -> Result<LedgerAudit, ControlError> {
        let none: [Value; 3] = [None::<String>.into(), None::<bool>.into(), None::<sea_orm::prelude::Uuid>.into()];
        let values = [Some(id.as_uuid()).into()].into_iter().chain(none).chain([1_i64.into()]);
        let row = self.orm().query_one_raw(statement(AUDITS, values)).await?;
        let missing = || Refusal::missing("ledger_audit_missing", "There is no such audit.").with_param("id");
        audit(&row.ok_or_else(missing)?)
    }

    /// Newest first, and whether there are more.
    pub async fn ledger_audits(&self, filter: &LedgerAuditFilter) -> Result<(Vec<LedgerAudit>, bool), ControlError> {
        if let Some(slug) = &filter.tenant
            && find(self.orm(), slug).await?.is_none()
        {
            return Err(crate::provisioning::tenant::tenant_missing(slug).into());
        }
        let values: [Value; 5] = [
            None::<sea_orm::prelude::Uuid>.into(),
            filter.tenant.as_ref().map(ToString::to_string).into(),
            filter.status.map(|status| status == LedgerAuditStatus::Passed).into(),
            filter.starting_after.map(|id| id.as_uuid()).into(),
            i64::try_from(filter.limit.saturating_add(1)).unwrap_or(i64::MAX).into(),
        ];
        let rows = self.orm().query_all_raw(statement(AUDITS, values)).await?;
        let mut audits = rows.iter().map(audit).collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let more = audits.len() > limit;
        audits.truncate(limit);
        Ok((audits, more))
    }
}

fn audit(row: &QueryResult) -> Result<LedgerAudit, ControlError> {
    let corrupt = |what| ControlError::Corrupt { table: "platform.ledger_audit", what };
    let text = |column: &str| -> Result<String, DbErr> { row.try_get("", column) };
    Ok(LedgerAudit {
        id: LedgerAuditId::from_uuid(row.try_get("", "id")?),
        tenant: text("slug")?.parse().map_err(|_| corrupt("slug"))?,
        environment: EnvironmentId::from_uuid(row.try_get("", "environment_id")?),
        mode: text("mode")?.parse().map_err(|_| corrupt("mode"))?,
        started_at: row.try_get("", "started_at")?,
        finished_at: row.try_get("", "finished_at")?,
        accounts: row.try_get("", "accounts")?,
        entries: row.try_get("", "entries")?,
        findings_count: row.try_get("", "findings_count")?,
        findings: row.try_get("", "findings")?,
    })
}
