//! `POST /platform/v1/tenants`

use axum::response::Response;
use policies::CreateTenant;
use tenancy::provisioning::{self, TenantSpec};

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, Query},
    platform::{
        StaffCaller, WriteQuery, WriteReply,
        objects::{Tenant, described::TenantSpecification},
    },
};

/// Makes a tenant: its operation provisions both environments, which serve nobody before all of it is done.
///
/// The same specification again is `unchanged`, or goes on with an operation that ended half-way.
#[utoipa::path(
    post, path = "/platform/v1/tenants", tag = "tenants", request_body = TenantSpecification, params(WriteQuery),
    responses((status = 200, body = WriteReply<Tenant>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(
    caller: StaffCaller,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<TenantSpec>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<CreateTenant>(None).await?;
    let spec = caller.accept(&permit, None, body).await?.value;
    let target = spec.slug.to_string();
    caller
        .write::<_, provisioning::Tenant, Tenant, _, _>(permit, Some(target), query, |control, call| async move {
            control.create_tenant(&call, spec).await
        })
        .await
}
