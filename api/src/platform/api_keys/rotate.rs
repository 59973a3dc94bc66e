//! `POST /platform/v1/tenants/{slug}/api_keys/rotate`

use axum::response::Response;
use policies::RotateKey;
use tenancy::provisioning::{self, ApiKeyRotationRequest};

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, PathText, Query},
    platform::{
        StaffCaller, WriteQuery, WriteReply,
        objects::{ApiKeyRotation, described::ApiKeyRotationWish},
        slug,
    },
};

/// Makes new API keys and lets those of the same name expire. The secrets are shown in this answer only.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}/api_keys/rotate", tag = "keys", request_body = ApiKeyRotationWish,
    params(("slug" = String, Path, description = "Short name."), WriteQuery),
    responses((status = 200, body = WriteReply<ApiKeyRotation>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn rotate(
    caller: StaffCaller,
    PathText(path): PathText,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<ApiKeyRotationRequest>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<RotateKey>(Some(&path)).await?;
    let body = caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    caller
        .write::<_, provisioning::ApiKeyRotation, ApiKeyRotation, _, _>(
            permit,
            Some(path),
            query,
            |control, call| async move { control.rotate_api_keys(&call, &slug, &body.value).await },
        )
        .await
}
