//! What an audit came to: said in the log, kept in `platform.ledger_audit`.

use kernel::LedgerAuditId;
use ledger::{AuditReport, Finding};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tenancy::Environment;
use time::{Duration, OffsetDateTime};

use super::LedgerAudit;
use crate::job::Job as _;

/// For how long audits are kept that found nothing. The others are kept for good.
const KEPT: Duration = Duration::days(30);
const STORE: &str = "\
INSERT INTO platform.ledger_audit \
  (id, environment_id, started_at, finished_at, accounts, entries, findings_count, findings) \
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const FORGET: &str = "\
DELETE FROM platform.ledger_audit WHERE environment_id = $1 AND finished_at < $2 AND findings_count = 0";

/// What an audit came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(super) id: LedgerAuditId,
    pub(super) started_at: OffsetDateTime,
    pub(super) finished_at: OffsetDateTime,
    pub(super) report: AuditReport,
}

impl Outcome {
    /// One line for each environment; an error if anything is wrong. Accounts by id, nobody's name.
    pub(super) fn say(&self, environment: &Environment) {
        let (job, tenant, id, mode) = (LedgerAudit::NAME, &environment.slug, environment.id, environment.mode);
        let AuditReport { accounts, entries, findings_count, .. } = self.report;
        let duration_ms = (self.finished_at - self.started_at).whole_milliseconds();
        let duration_ms = i64::try_from(duration_ms).unwrap_or(i64::MAX);
        if findings_count == 0 {
            tracing::info!(job, %tenant, environment = %id, %mode, accounts, entries, duration_ms, "the ledger is right");
        } else {
            let findings = self.findings().to_string();
            tracing::error!(
                job, %tenant, environment = %id, %mode, accounts, entries, duration_ms, findings_count, findings,
                "the ledger is wrong"
            );
        }
    }

    /// Keeps it, and forgets what is old and found nothing.
    pub(super) async fn store(
        &self,
        connection: &mut PgConnection,
        environment: &Environment,
    ) -> Result<(), sqlx::Error> {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let AuditReport { accounts, entries, findings_count, .. } = self.report;
        sqlx::query(STORE)
            .bind(self.id.as_uuid())
            .bind(environment.id.as_uuid())
            .bind(self.started_at)
            .bind(self.finished_at)
            .bind(number(accounts))
            .bind(number(entries))
            .bind(number(findings_count))
            .bind(self.findings())
            .execute(&mut *connection)
            .await?;
        let before = self.finished_at.saturating_sub(KEPT);
        sqlx::query(FORGET).bind(environment.id.as_uuid()).bind(before).execute(connection).await?;
        Ok(())
    }

    fn findings(&self) -> Value {
        self.report.findings.iter().map(described).collect()
    }
}

fn described(finding: &Finding) -> Value {
    let Finding { check, account, currency, sequence, expected, found } = finding;
    json!({
        "check": check.as_str(),
        "account": account.map(|account| account.to_string()),
        "currency": currency.map(kernel::Currency::code),
        "sequence": sequence,
        "expected": expected,
        "found": found,
    })
}
