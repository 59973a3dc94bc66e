//! `GET /platform/v1/operations`

use axum::Json;
use policies::ListOperations;
use tenancy::provisioning::{OperationFilter, OperationState};

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::Query,
    platform::{
        StaffCaller,
        objects::{List, Operation, PageQuery},
    },
};

/// Operations, newest first.
#[utoipa::path(
    get, path = "/platform/v1/operations", tag = "operations", params(PageQuery),
    responses((status = 200, body = List<Operation>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: StaffCaller, Query(query): Query<PageQuery>) -> Result<Json<List<Operation>>, ApiError> {
    let permit = caller.permit::<ListOperations>(None).await?;
    let filter = OperationFilter {
        state: query.word("state", OperationState::ALL, OperationState::as_str)?,
        starting_after: query.starting_after()?,
        limit: query.limit()?,
    };
    let (operations, has_more) = caller.control(&permit).operations(&filter).await?;
    Ok(Json(List::of(operations, has_more, "/platform/v1/operations")))
}
