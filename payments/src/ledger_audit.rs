//! An audit of the whole ledger: every account, every entry, every hold.

use std::sync::Arc;

use ledger::AuditReport;
use policies::{Action as _, AuditLedger, Permit, Reach};
use tenancy::{Database, Environment};

use crate::Failure;

/// Audits the environment's ledger. Unlike other operations it takes no transaction: it looks at page after page in
/// short ones of its own, so that nobody waits for it.
pub async fn run(
    database: &Database,
    environment: &Arc<Environment>,
    permit: &Permit<AuditLedger>,
) -> Result<AuditReport, Failure> {
    match permit.reach_in(environment.id).map_err(Failure::ForeignPermit)? {
        Reach::All => Ok(ledger::audit(database, environment).await?),
        Reach::Own => Err(Failure::NarrowPermit { action: AuditLedger::NAME }),
    }
}
