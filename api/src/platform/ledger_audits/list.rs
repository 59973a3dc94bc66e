//! `GET /platform/v1/ledger_audits`

use axum::Json;
use policies::ListLedgerAudits;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::Query,
    platform::{
        StaffCaller,
        objects::{LedgerAudit, List, PageQuery},
    },
};

/// Audits of all ledgers, newest first.
#[utoipa::path(
    get, path = "/platform/v1/ledger_audits", tag = "ledger_audits", params(PageQuery),
    responses((status = 200, body = List<LedgerAudit>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: StaffCaller, Query(query): Query<PageQuery>) -> Result<Json<List<LedgerAudit>>, ApiError> {
    let permit = caller.permit::<ListLedgerAudits>(None).await?;
    let (audits, has_more) = caller.control(&permit).ledger_audits(&super::filter(None, &query)?).await?;
    Ok(Json(List::of(audits, has_more, "/platform/v1/ledger_audits")))
}
