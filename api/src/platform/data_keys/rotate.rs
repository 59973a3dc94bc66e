//! `POST /platform/v1/tenants/{slug}/data_keys/rotate`

use axum::response::Response;
use kernel::Mode;
use policies::RotateKey;
use serde::Deserialize;
use tenancy::provisioning;
use utoipa::ToSchema;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, PathText, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, objects::Tenant, slug},
};

/// Which environments get new data keys.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateDataKeysBody {
    /// `live` or `test`; both when absent.
    #[schema(value_type = Option<String>)]
    mode: Option<Mode>,
}

/// Makes new data keys. What the old ones sealed still opens; they seal nothing new.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}/data_keys/rotate", tag = "keys", request_body = RotateDataKeysBody,
    params(("slug" = String, Path, description = "Short name."), WriteQuery),
    responses((status = 200, body = WriteReply<Tenant>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn rotate(
    caller: StaffCaller,
    PathText(path): PathText,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<RotateDataKeysBody>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<RotateKey>(Some(&path)).await?;
    let body = caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    let mode = body.value.mode;
    caller
        .write::<_, provisioning::Tenant, Tenant, _, _>(permit, Some(path), query, |control, call| async move {
            control.rotate_data_keys(&call, &slug, mode).await
        })
        .await
}
