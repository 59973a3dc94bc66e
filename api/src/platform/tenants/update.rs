//! `POST /platform/v1/tenants/{slug}`

use axum::response::Response;
use policies::UpdateTenant;
use tenancy::provisioning::{self, TenantUpdate};

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, PathText, Query},
    platform::{
        StaffCaller, WriteQuery, WriteReply,
        objects::{Tenant, described::TenantChanges},
        slug,
    },
};

/// Changes name, plan, members, or how the issuer's tokens are read.
#[utoipa::path(
    post, path = "/platform/v1/tenants/{slug}", tag = "tenants", request_body = TenantChanges,
    params(("slug" = String, Path, description = "Short name."), WriteQuery),
    responses((status = 200, body = WriteReply<Tenant>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn update(
    caller: StaffCaller,
    PathText(path): PathText,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<TenantUpdate>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<UpdateTenant>(Some(&path)).await?;
    let body = caller.accept(&permit, Some(&path), body).await?;
    let slug = caller.accept(&permit, Some(&path), slug(&path)).await?;
    caller
        .write::<_, provisioning::Tenant, Tenant, _, _>(permit, Some(path), query, |control, call| async move {
            control.update_tenant(&call, &slug, &body.value).await
        })
        .await
}
