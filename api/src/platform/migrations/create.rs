//! `POST /platform/v1/migrations`

use axum::response::Response;
use policies::CreateMigration;
use tenancy::provisioning::{self, MigrationRequest};

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{Body, Query},
    platform::{
        StaffCaller, WriteQuery, WriteReply,
        objects::{Operation, described::MigrationWish},
    },
};

/// Brings environments forward: canaries first, many at once, a step for each in the operation.
#[utoipa::path(
    post, path = "/platform/v1/migrations", tag = "migrations", request_body = MigrationWish, params(WriteQuery),
    responses((status = 200, body = WriteReply<Operation>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(
    caller: StaffCaller,
    query: Result<Query<WriteQuery>, ApiError>,
    body: Result<Body<MigrationRequest>, ApiError>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<CreateMigration>(None).await?;
    let body = caller.accept(&permit, None, body).await?;
    caller
        .write::<_, provisioning::Operation, Operation, _, _>(permit, None, query, |control, call| async move {
            control.start_migration(&call, &body.value).await
        })
        .await
}
