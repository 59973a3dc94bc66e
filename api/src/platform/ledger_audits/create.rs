//! `POST /platform/v1/tenants/{slug}/ledger_audits`

use axum::response::Response;
use policies::CreateLedgerAudit;
use tenancy::provisioning;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, PathText, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, objects::LedgerAuditRequest, slug, write::NoFields},
};

/// Has the ledgers of a tenant's environments audited now, rather than when their turn comes. A worker does it; the
/// outcomes are in the list when it has.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}/ledger_audits", tag = "ledger_audits",
    params(("slug" = String, Path, description = "Short name."), WriteQuery),
    responses((status = 200, body = WriteReply<LedgerAuditRequest>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(
    caller: StaffCaller,
    PathText(path): PathText,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<NoFields>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<CreateLedgerAudit>(Some(&path)).await?;
    caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    caller
        .write::<_, provisioning::LedgerAuditRequest, LedgerAuditRequest, _, _>(
            permit,
            Some(path),
            query,
            |control, call| async move { control.request_ledger_audit(&call, &slug).await },
        )
        .await
}
