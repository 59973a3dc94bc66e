//! `POST /platform/v1/plans`

use axum::Json;
use policies::CreatePlan;
use serde::Deserialize;
use tenancy::provisioning::{ControlError, TenantSpec};
use utoipa::ToSchema;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, Query},
    platform::{
        StaffCaller, WriteQuery,
        objects::{
            Plan,
            described::{Plan as PlanDescription, TenantSpecification},
        },
    },
};

/// A file of tenants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePlanBody {
    /// What each should be. Tenants that are not named are left alone.
    #[schema(value_type = Vec<TenantSpecification>)]
    tenants: Vec<TenantSpec>,
}

/// The difference between a file of tenants and the platform. Changes nothing.
#[utoipa::path(
    post, path = "/platform/v1/plans", tag = "plans", request_body = CreatePlanBody, params(WriteQuery),
    responses((status = 200, body = PlanDescription), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(
    caller: StaffCaller,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<CreatePlanBody>, ApiError>,
) -> Result<Json<Plan>, ApiError> {
    let permit = caller.permit::<CreatePlan>(None).await?;
    caller.accept(&permit, None, query).await?;
    let body = caller.accept(&permit, None, body).await?;
    match caller.control(&permit).make_plan(body.value.tenants).await {
        Ok(plan) => Ok(Json(plan.into())),
        Err(error) => {
            if let ControlError::Refused(refusal) = &error {
                caller.record_refusal::<CreatePlan>(refusal.tenant.as_deref(), &refusal.code).await;
            }
            Err(error.into())
        }
    }
}
