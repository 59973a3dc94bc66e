//! Whether the control process lives, and whether it can work.

use axum::{Json, extract::State};

use super::PlatformState;
use crate::{ApiError, error::ErrorBody, health::Health};

/// The process answers. Says nothing of what it depends on.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)), security(()))]
pub async fn healthz() -> Json<Health> {
    Json(Health::OK)
}

/// The process can work: Postgres answers and schema `platform` is there.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, body = Health), (status = 503, body = ErrorBody))
)]
pub async fn readyz(State(state): State<PlatformState>) -> Result<Json<Health>, ApiError> {
    sqlx::query("SELECT 1 FROM platform.cell LIMIT 1").execute(state.control.database().pool()).await?;
    Ok(Json(Health::OK))
}
