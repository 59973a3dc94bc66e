//! `POST /platform/v1/tenants/{slug}/offboard`

use axum::response::Response;
use policies::OffboardTenant;
use tenancy::provisioning;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, PathText, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, objects::Tenant, slug, write::Confirmation},
};

/// Ends a tenant: refused at once, its KMS keys switched off and their destruction scheduled. Its schema is kept.
/// Needs a reason and the slug typed again.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}/offboard", tag = "tenants", request_body = Confirmation,
    params(("slug" = String, Path, description = "Short name."), WriteQuery),
    responses((status = 200, body = WriteReply<Tenant>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn offboard(
    caller: StaffCaller,
    PathText(path): PathText,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<Confirmation>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<OffboardTenant>(Some(&path)).await?;
    let body = caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    let confirm = body.value.confirm;
    caller
        .write::<_, provisioning::Tenant, Tenant, _, _>(permit, Some(path), query, |control, call| async move {
            control.offboard_tenant(&call, &slug, confirm.as_deref()).await
        })
        .await
}
