//! Answers where no handler was reached: every one of them is an `error` object too.

use std::any::Any;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{ApiError, ErrorType};

/// 404: no such route.
pub async fn route_missing() -> ApiError {
    let message = "Unrecognized request URL. See /openapi.json for the routes there are.";
    ApiError::new(StatusCode::NOT_FOUND, ErrorType::InvalidRequestError, Some("route_missing"), message)
}

/// 405: the route exists, not with this method.
pub async fn method_not_allowed() -> ApiError {
    let message = "This method is not allowed here. See /openapi.json for the routes there are.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorType::InvalidRequestError, Some("method_not_allowed"), message)
}

/// 500: a handler panicked; what it panicked with stays in the log.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the payload over")]
pub fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = text, "a handler panicked");
    ApiError::internal().into_response()
}
