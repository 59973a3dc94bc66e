//! `POST /platform/v1/tenants/{slug}/kms_keys/{mode}/destroy`

use axum::response::Response;
use policies::DestroyKey;
use tenancy::provisioning;

use super::KeyPath;
use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, mode, objects::KmsKey, slug, write::Confirmation},
};

/// Destroys the KMS key, and with it everything sealed in the environment: at once where the provider can, otherwise
/// after the shortest wait it knows. Needs a reason and the slug typed again.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}/kms_keys/{mode}/destroy", tag = "keys", request_body = Confirmation,
    params(
        ("slug" = String, Path, description = "Short name."),
        ("mode" = String, Path, description = "`live` or `test`."),
        WriteQuery,
    ),
    responses((status = 200, body = WriteReply<KmsKey>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn destroy(
    caller: StaffCaller,
    KeyPath { slug: path, mode: side }: KeyPath,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<Confirmation>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<DestroyKey>(Some(&path)).await?;
    let body = caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    let mode = caller.accept(&permit, Some(&path), mode(&side)).await?;
    let confirm = body.value.confirm;
    caller
        .write::<_, provisioning::KmsKey, KmsKey, _, _>(permit, Some(path), query, |control, call| async move {
            control.destroy_kms_key(&call, &slug, mode, confirm.as_deref()).await
        })
        .await
}
