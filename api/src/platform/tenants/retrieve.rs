//! `GET /platform/v1/tenants/{slug}`

use axum::Json;
use policies::RetrieveTenant;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::PathText,
    platform::{StaffCaller, objects::Tenant, slug},
};

/// One tenant, whatever its status.
#[utoipa::path(
    get, path = "/platform/v1/tenants/{slug}", tag = "tenants", params(("slug" = String, Path, description = "Short name.")),
    responses((status = 200, body = Tenant), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: StaffCaller, PathText(path): PathText) -> Result<Json<Tenant>, ApiError> {
    let permit = caller.permit::<RetrieveTenant>(Some(&path)).await?;
    Ok(Json(caller.control(&permit).tenant(&slug(&path)?).await?.into()))
}
