//! `POST /platform/v1/plans/apply`

use axum::response::Response;
use policies::ApplyPlan;
use tenancy::provisioning;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, Query},
    platform::{
        StaffCaller, WriteQuery, WriteReply,
        objects::{AppliedPlan, Operation, Plan, described::Plan as PlanDescription},
    },
};

/// Applies a saved plan: exactly it, and only while the platform is as it was. Sent again it goes on where it ended.
#[utoipa::path(
    post, path = "/platform/v1/plans/apply", tag = "plans", request_body = PlanDescription, params(WriteQuery),
    responses((status = 200, body = WriteReply<Operation>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn apply(
    caller: StaffCaller,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<Plan>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<ApplyPlan>(None).await?;
    let body = caller.accept(&permit, None, body).await?;
    let plan = provisioning::Plan::try_from(body.value).map_err(ApiError::from);
    let plan = caller.accept(&permit, None, plan).await?;
    let target = Some(plan.checksum.clone());
    caller
        .write::<_, Option<provisioning::Operation>, AppliedPlan, _, _>(
            permit,
            target,
            query,
            |control, call| async move { control.apply_plan(&call, &plan).await },
        )
        .await
}
