//! Operations: looked at, waited for, steered.

pub mod cancel;
pub mod list;
pub mod resume;
pub mod retrieve;

use kernel::OperationId;

use crate::ApiError;

/// An id in a path. One that is no id at all answers like one that does not exist.
fn id(text: &str) -> Result<OperationId, ApiError> {
    text.parse().map_err(|_| {
        let kind = crate::error::ErrorType::InvalidRequestError;
        let message = "There is no such operation.";
        ApiError::new(http::StatusCode::NOT_FOUND, kind, Some("operation_missing"), message).with_param("id")
    })
}
