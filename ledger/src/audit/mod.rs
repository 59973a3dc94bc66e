//! Whether the books are right, read over all rows: every account against the fold of its entries and against its
//! pending holds, and every currency's balances against zero. It reads and never writes.
//!
//! The ledger is walked account by account along the chain of its entries, a page at a time. A page is a short transaction that sees
//! one moment, so that nobody's vacuum waits for an audit of hours and memory is that of a page. What was read before
//! stays true: entries never change and are only added behind the last. So an account is compared with what it says of
//! itself at the moment at which its last entries were read, however many pages the earlier ones took and whoever
//! posts meanwhile.

mod finding;
mod fold;
mod page;

use std::sync::Arc;

use kernel::LedgerAccountId;
use tenancy::{Database, Environment, TenantTx};
use uuid::Uuid;

pub use self::finding::{AuditReport, Check, FINDINGS_TOLD_MAX, Finding};
pub use self::page::AuditPages;
use self::{fold::Fold, page::Cursor};
use crate::history;

/// Audits an environment's ledger from the first account to the last.
pub async fn audit(database: &Database, environment: &Arc<Environment>) -> Result<AuditReport, sqlx::Error> {
    audit_by(database, environment, AuditPages::default()).await
}

/// The same with pages of another size.
pub async fn audit_by(
    database: &Database,
    environment: &Arc<Environment>,
    pages: AuditPages,
) -> Result<AuditReport, sqlx::Error> {
    let mut fold = Fold::default();
    let mut next = Some(Cursor::start());
    while let Some(cursor) = next {
        let tx = TenantTx::begin_look(database, Arc::clone(environment)).await?;
        let page = page::read(&tx, cursor, pages).await?;
        drop(tx);
        next = page.next();
        fold.add(page);
    }
    let tx = TenantTx::begin_look(database, Arc::clone(environment)).await?;
    let mut report = fold.into_report();
    history::trial_balance(&tx).await?.iter().for_each(|columns| report.check_zero_sum(columns));
    check_transfers(&tx, &mut report).await?;
    Ok(report)
}

/// Every account's entries were counted along its chain. What no chain leads to is missing from the sum.
async fn check_transfers(tx: &TenantTx, report: &mut AuditReport) -> Result<(), sqlx::Error> {
    let (sides, entries): (String, String) = tx
        .with_connection(|connection| {
            Box::pin(async move {
                sqlx::query_as(
                    "SELECT (SELECT (2 * count(*))::text FROM ledger_transfer), \
                       (SELECT coalesce(sum(sequence), 0)::text FROM ledger_account)",
                )
                .fetch_one(connection)
                .await
            })
        })
        .await?;
    if sides == entries {
        return Ok(());
    }
    report.push(Finding::new(Check::Transfers, sides, entries));
    for account in nowhere(tx).await? {
        report.push(Finding { account: Some(account), ..Finding::new(Check::Account, "an account", "none") });
    }
    Ok(())
}

/// Accounts that transfers name and that are not there. Reads every transfer.
async fn nowhere(tx: &TenantTx) -> Result<Vec<LedgerAccountId>, sqlx::Error> {
    tx.with_connection(|connection| {
        Box::pin(async move {
            let ids: Vec<Uuid> = sqlx::query_scalar(
                "SELECT DISTINCT e.account_id FROM ledger_entry e \
                 WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = e.account_id) ORDER BY 1 LIMIT 100",
            )
            .fetch_all(connection)
            .await?;
            Ok(ids.into_iter().map(LedgerAccountId::from_uuid).collect())
        })
    })
    .await
}
