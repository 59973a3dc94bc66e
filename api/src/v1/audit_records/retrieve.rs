//! `GET /v1/audit_records/{id}`

use axum::Json;
use kernel::AuditRecordId;
use payments::{KeyAccess, audit_record};
use policies::RetrieveAuditRecord;

use super::AuditRecord;
use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText, v1};

/// One audit record.
#[utoipa::path(
    get, path = "/v1/audit_records/{id}", tag = "audit_records", params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, body = AuditRecord), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, PathText(id): PathText) -> Result<Json<AuditRecord>, ApiError> {
    let permit = caller.permit::<RetrieveAuditRecord>(&caller.attributes()).await?;
    let id: AuditRecordId = v1::id(&id, "audit record", "id")?;
    let keys = KeyAccess::not_fetched();
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(async move { Ok(AuditRecord::from(audit_record::retrieve(&context, permit, id).await?)) })
        })
        .await
}
