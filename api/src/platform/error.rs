//! From the control plane's refusals and failures to the one error of the HTTP layer.

use axum::http::StatusCode;
use tenancy::provisioning::{ControlError, Refusal, RefusalClass};

use crate::{ApiError, error::ErrorType};

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Refused(refusal) => refused(&refusal),
            ControlError::Database(error) => error.into(),
            ControlError::Stopped => {
                Self::unavailable("process_ending", "This process is being stopped. Send the request again.")
            }
            error @ ControlError::Corrupt { .. } => Self::internal().caused_by(error),
        }
    }
}

fn refused(refusal: &Refusal) -> ApiError {
    let (status, kind) = match refusal.class {
        RefusalClass::Invalid => (StatusCode::BAD_REQUEST, ErrorType::InvalidRequestError),
        RefusalClass::Missing => (StatusCode::NOT_FOUND, ErrorType::InvalidRequestError),
        RefusalClass::Conflict => (StatusCode::CONFLICT, ErrorType::InvalidRequestError),
        RefusalClass::Idempotency => (StatusCode::CONFLICT, ErrorType::IdempotencyError),
        RefusalClass::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, ErrorType::ApiError),
    };
    let mut error = ApiError::new(status, kind, Some(&refusal.code), refusal.message.clone());
    if let Some(param) = &refusal.param {
        error = error.with_param(param);
    }
    if let Some(hint) = &refusal.hint {
        error = error.with_hint(hint);
    }
    if let Some(tenant) = &refusal.tenant {
        error = error.with_tenant(tenant);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE { error.retry_after(1) } else { error }
}
