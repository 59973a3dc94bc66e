//! Whether the books are right, read over all rows: every account against the fold of its entries and against its
//! pending holds, and every currency's balances against zero. It reads and never writes.
//!
//! The ledger is walked in order of account and sequence, a page at a time. A page is a short transaction that sees
//! one moment, so that nobody's vacuum waits for an audit of hours and memory is that of a page. What was read before
//! stays true: entries never change and are only added behind the last. So an account is compared with what it says of
//! itself at the moment at which its last entries were read, however many pages the earlier ones took and whoever
//! posts meanwhile.

mod finding;
mod fold;
mod page;

use std::sync::Arc;

use tenancy::{Database, Environment, TenantTx};

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
    Ok(report)
}
