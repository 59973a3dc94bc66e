//! `POST /platform/v1/tenants/{slug}/kms_keys/{mode}/disable`

use axum::response::Response;
use policies::DisableKey;
use tenancy::provisioning;

use super::KeyPath;
use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, mode, objects::KmsKey, slug, write::NoFields},
};

/// Switches the KMS key off: what needs it answers 503 until it is enabled. Needs a reason.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}/kms_keys/{mode}/disable", tag = "keys",
    params(
        ("slug" = String, Path, description = "Short name."),
        ("mode" = String, Path, description = "`live` or `test`."),
        WriteQuery,
    ),
    responses((status = 200, body = WriteReply<KmsKey>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn disable(
    caller: StaffCaller,
    KeyPath { slug: path, mode: side }: KeyPath,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<NoFields>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<DisableKey>(Some(&path)).await?;
    caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    let mode = caller.accept(&permit, Some(&path), mode(&side)).await?;
    caller
        .write::<_, provisioning::KmsKey, KmsKey, _, _>(permit, Some(path), query, |control, call| async move {
            control.disable_kms_key(&call, &slug, mode).await
        })
        .await
}
