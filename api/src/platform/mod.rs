//! The staff API (`/platform/v1`), served by `tessera control`: one folder per resource, one file per operation.
//!
//! Every handler permits first and makes one call of [`tenancy::provisioning`]; every write and every refusal is in
//! the platform's audit log.

pub mod api_keys;
mod caller;
pub mod data_keys;
mod error;
pub mod health;
pub mod identity;
pub mod kms_keys;
pub mod ledger_audits;
pub mod migrations;
pub mod objects;
mod openapi;
pub mod operations;
pub mod plans;
pub mod router;
mod state;
pub mod tenants;
pub mod write;

pub use caller::StaffCaller;
pub use openapi::{StaffApi, openapi};
pub use router::router;
pub use state::PlatformState;
pub use write::{DryRun, WriteQuery, WriteReply};

use kernel::{Mode, Slug};

use crate::ApiError;

/// A slug in a path. One that is no slug at all answers like one nobody has.
fn slug(text: &str) -> Result<Slug, ApiError> {
    text.parse().map_err(|_| {
        let message = "There is no tenant of that name.";
        ApiError::new(
            http::StatusCode::NOT_FOUND,
            crate::error::ErrorType::InvalidRequestError,
            Some("tenant_missing"),
            message,
        )
        .with_param("slug")
    })
}

/// `live` or `test` in a path.
fn mode(text: &str) -> Result<Mode, ApiError> {
    text.parse().map_err(|_| ApiError::missing("environment", "mode"))
}
