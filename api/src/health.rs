//! Whether the process lives, and whether it can serve.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Api, ApiError, error::ErrorBody};

/// The answer of a healthy process.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

impl Health {
    /// All is well.
    pub const OK: Self = Self { status: "ok" };
}

/// The process answers. Says nothing of what it depends on.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
pub async fn healthz() -> Json<Health> {
    Json(Health::OK)
}

/// The process can serve: the routing tables are known and Postgres answers.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, body = Health), (status = 503, body = ErrorBody))
)]
pub async fn readyz(State(api): State<Api>) -> Result<Json<Health>, ApiError> {
    sqlx::query("SELECT 1").execute(api.units.database().pool()).await?;
    api.directory.snapshot().await.map_err(|error| {
        ApiError::unavailable("directory_unavailable", "The routing tables cannot be read.").caused_by(error)
    })?;
    Ok(Json(Health::OK))
}
