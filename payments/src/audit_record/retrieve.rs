//! Reads one audit record.

use kernel::AuditRecordId;
use policies::{Permit, RetrieveAuditRecord};

use super::{AuditRecord, Refusal, store, view};
use crate::{Context, Error};

/// Reads one audit record.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveAuditRecord>,
    id: AuditRecordId,
) -> Result<AuditRecord, Error<Refusal>> {
    context.reach_all(permit)?;
    let row = store::find(context.tx, id).await?.ok_or(Refusal::Missing { param: "id" })?;
    Ok(view(row))
}
