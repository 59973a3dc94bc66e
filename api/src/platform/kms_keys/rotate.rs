//! `POST /platform/v1/tenants/{slug}/kms_keys/{mode}/rotate`

use axum::response::Response;
use policies::RotateKey;
use tenancy::provisioning;

use super::KeyPath;
use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, mode, objects::KmsKey, slug, write::NoFields},
};

/// Makes a new version of the KMS key and wraps the data keys under it.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}/kms_keys/{mode}/rotate", tag = "keys",
    params(
        ("slug" = String, Path, description = "Short name."),
        ("mode" = String, Path, description = "`live` or `test`."),
        WriteQuery,
    ),
    responses((status = 200, body = WriteReply<KmsKey>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn rotate(
    caller: StaffCaller,
    KeyPath { slug: path, mode: side }: KeyPath,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<NoFields>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<RotateKey>(Some(&path)).await?;
    caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    let mode = caller.accept(&permit, Some(&path), mode(&side)).await?;
    caller
        .write::<_, provisioning::KmsKey, KmsKey, _, _>(permit, Some(path), query, |control, call| async move {
            control.rotate_kms_key(&call, &slug, mode).await
        })
        .await
}
