//! `POST /platform/v1/operations/{id}/resume`

use axum::response::Response;
use policies::ResumeOperation;
use tenancy::provisioning;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, PathText, Query},
    platform::{StaffCaller, WriteQuery, WriteReply, objects::Operation, write::NoFields},
};

/// Goes on with an operation that ended without being done.
#[utoipa::path(
    post, path = "/platform/v1/operations/{id}/resume", tag = "operations",
    params(("id" = String, Path, description = "Identifier."), WriteQuery),
    responses((status = 200, body = WriteReply<Operation>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn resume(
    caller: StaffCaller,
    PathText(path): PathText,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<NoFields>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<ResumeOperation>(Some(&path)).await?;
    caller.accept(&permit, Some(&path), body).await?;
    let id = caller.accept(&permit, Some(&path), super::id(&path)).await?;
    caller
        .write::<_, provisioning::Operation, Operation, _, _>(permit, Some(path), query, |control, call| async move {
            control.resume_operation(&call, id).await
        })
        .await
}
