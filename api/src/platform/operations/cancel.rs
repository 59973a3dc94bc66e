//! `POST /platform/v1/operations/{id}/cancel`

use axum::response::Response;
use policies::CancelOperation;
use tenancy::provisioning;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, PathText, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, objects::Operation, write::NoFields},
};

/// Stops an operation after the step it is at. What was done stays done.
#[utoipa::path(
    post, path = "/platform/v1/operations/{id}/cancel", tag = "operations",
    params(("id" = String, Path, description = "Identifier."), WriteQuery),
    responses((status = 200, body = WriteReply<Operation>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn cancel(
    caller: StaffCaller,
    PathText(path): PathText,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<NoFields>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<CancelOperation>(Some(&path)).await?;
    caller.accept(&permit, Some(&path), body).await?;
    let id = caller.accept(&permit, Some(&path), super::id(&path)).await?;
    caller
        .write::<_, provisioning::Operation, Operation, _, _>(permit, Some(path), query, |control, call| async move {
            control.cancel_operation(&call, id).await
        })
        .await
}
