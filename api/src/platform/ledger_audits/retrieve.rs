//! `GET /platform/v1/ledger_audits/{id}`

use axum::Json;
use policies::RetrieveLedgerAudit;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::PathText,
    platform::{StaffCaller, objects::LedgerAudit},
};

/// One audit with what it found.
#[utoipa::path(
    get, path = "/platform/v1/ledger_audits/{id}", tag = "ledger_audits",
    params(("id" = String, Path, description = "Identifier.")),
    responses((status = 200, body = LedgerAudit), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: StaffCaller, PathText(path): PathText) -> Result<Json<LedgerAudit>, ApiError> {
    let permit = caller.permit::<RetrieveLedgerAudit>(Some(&path)).await?;
    Ok(Json(caller.control(&permit).ledger_audit(super::id(&path)?).await?.into()))
}
