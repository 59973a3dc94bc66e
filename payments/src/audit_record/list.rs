//! Reads the audit log by page, newest first.

use kernel::AuditRecordId;
use policies::{ListAuditRecords, Permit};

use super::{AuditRecord, Refusal, store, view};
use crate::{Context, Error, Page, PageRequest};

/// Reads a page of the audit log.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListAuditRecords>,
    request: PageRequest<AuditRecordId>,
) -> Result<Page<AuditRecord>, Error<Refusal>> {
    context.reach_all(permit)?;
    let anchor = match request.anchor() {
        None => None,
        Some((id, param)) => {
            let row = store::find(context.tx, *id).await?.ok_or(Refusal::Missing { param })?;
            Some((row.at, row.id))
        }
    };
    Ok(store::list(context.tx, &request, anchor).await?.map(view))
}
