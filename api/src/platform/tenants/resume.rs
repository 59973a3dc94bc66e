//! `POST /platform/v1/tenants/{slug}/resume`

use axum::response::Response;
use policies::ResumeTenant;
use tenancy::provisioning;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, PathText, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, objects::Tenant, slug, write::NoFields},
};

/// Puts a suspended tenant back. Needs a reason.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}/resume", tag = "tenants",
    params(("slug" = String, Path, description = "Short name."), WriteQuery),
    responses((status = 200, body = WriteReply<Tenant>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn resume(
    caller: StaffCaller,
    PathText(path): PathText,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<NoFields>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<ResumeTenant>(Some(&path)).await?;
    caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    caller
        .write::<_, provisioning::Tenant, Tenant, _, _>(permit, Some(path), query, |control, call| async move {
            control.resume_tenant(&call, &slug).await
        })
        .await
}
