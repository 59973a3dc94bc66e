//! `GET /v1/audit_records`

use axum::Json;
use kernel::AuditRecordId;
use payments::{KeyAccess, audit_record};
use policies::ListAuditRecords;

use super::AuditRecord;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::list::{List, PageQuery},
};

/// Audit records, newest first.
#[utoipa::path(
    get, path = "/v1/audit_records", tag = "audit_records", params(PageQuery),
    responses((status = 200, body = List<AuditRecord>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: Caller, Query(query): Query<PageQuery>) -> Result<Json<List<AuditRecord>>, ApiError> {
    let permit = caller.permit::<ListAuditRecords>(&caller.attributes()).await?;
    let page = query.request::<AuditRecordId>("audit record")?;
    let keys = KeyAccess::not_fetched();
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(
                async move { Ok(List::of(audit_record::list(&context, permit, page).await?, "/v1/audit_records")) },
            )
        })
        .await
}
