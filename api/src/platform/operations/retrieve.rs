//! `GET /platform/v1/operations/{id}`

use std::time::Duration;

use axum::Json;
use policies::RetrieveOperation;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiError,
    error::ErrorBody,
    parameters::{PathText, Query},
    platform::{StaffCaller, objects::Operation},
};

/// How long to wait for news.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// Answer when the operation has ended or has taken a step, at the latest after this many seconds (25 at most).
    wait_seconds: Option<u64>,
}

/// One operation with its steps.
#[utoipa::path(
    get, path = "/platform/v1/operations/{id}", tag = "operations",
    params(("id" = String, Path, description = "Identifier."), WaitQuery),
    responses((status = 200, body = Operation), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(
    caller: StaffCaller,
    PathText(path): PathText,
    Query(query): Query<WaitQuery>,
) -> Result<Json<Operation>, ApiError> {
    let permit = caller.permit::<RetrieveOperation>(Some(&path)).await?;
    let id = super::id(&path)?;
    let operation = caller.control(&permit).operation(id).await?;
    let operation = match query.wait_seconds {
        Some(seconds) => {
            let wait = Duration::from_secs(seconds);
            caller.control(&permit).wait_for_operation(id, Some(operation.steps.len()), wait).await?
        }
        None => operation,
    };
    Ok(Json(operation.into()))
}
