//! `GET /platform/v1/tenants`

use axum::Json;
use policies::ListTenants;
use tenancy::provisioning::{TenantFilter, TenantStatus};

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::Query,
    platform::{
        StaffCaller,
        objects::{List, PageQuery, Tenant},
    },
};

/// Tenants, newest first.
#[utoipa::path(
    get, path = "/platform/v1/tenants", tag = "tenants", params(PageQuery),
    responses((status = 200, body = List<Tenant>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: StaffCaller, Query(query): Query<PageQuery>) -> Result<Json<List<Tenant>>, ApiError> {
    let permit = caller.permit::<ListTenants>(None).await?;
    let filter = TenantFilter {
        status: query.word("status", TenantStatus::ALL, TenantStatus::as_str)?,
        starting_after: query.starting_after()?,
        limit: query.limit()?,
    };
    let (tenants, has_more) = caller.control(&permit).tenants(&filter).await?;
    Ok(Json(List::of(tenants, has_more, "/platform/v1/tenants")))
}
