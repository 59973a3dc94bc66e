//! `GET /platform/v1/tenants/{slug}/ledger_audits`

use axum::Json;
use policies::ListLedgerAudits;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{PathText, Query},
    platform::{
        StaffCaller,
        objects::{LedgerAudit, List, PageQuery},
        slug,
    },
};

/// Audits of one tenant's ledgers, newest first.
#[utoipa::path(
    get, path = "/platform/v1/tenants/{slug}/ledger_audits", tag = "ledger_audits",
    params(("slug" = String, Path, description = "Short name."), PageQuery),
    responses((status = 200, body = List<LedgerAudit>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list_of_tenant(
    caller: StaffCaller,
    PathText(path): PathText,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<LedgerAudit>>, ApiError> {
    let permit = caller.permit::<ListLedgerAudits>(Some(&path)).await?;
    let slug = slug(&path)?;
    let filter = super::filter(Some(slug.clone()), &query)?;
    let (audits, has_more) = caller.control(&permit).ledger_audits(&filter).await?;
    Ok(Json(List::of(audits, has_more, &format!("/platform/v1/tenants/{slug}/ledger_audits"))))
}
