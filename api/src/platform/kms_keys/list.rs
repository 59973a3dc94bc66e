//! `GET /platform/v1/tenants/{slug}/kms_keys`

use axum::Json;
use policies::ListKeys;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::PathText,
    platform::{
        StaffCaller,
        objects::{KmsKey, List},
        slug,
    },
};

/// The KMS keys of both environments: what is recorded, and what the provider says now.
#[utoipa::path(
    get, path = "/platform/v1/tenants/{slug}/kms_keys", tag = "keys",
    params(("slug" = String, Path, description = "Short name.")),
    responses((status = 200, body = List<KmsKey>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: StaffCaller, PathText(path): PathText) -> Result<Json<List<KmsKey>>, ApiError> {
    let permit = caller.permit::<ListKeys>(Some(&path)).await?;
    let slug = slug(&path)?;
    let keys = caller.control(&permit).kms_keys(&slug).await?;
    Ok(Json(List::of(keys, false, &format!("/platform/v1/tenants/{slug}/kms_keys"))))
}
