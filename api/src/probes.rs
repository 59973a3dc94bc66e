//! `/healthz` and `/readyz` of a process that serves nothing else.

use axum::{Json, Router, extract::State, routing::get};
use tenancy::Database;

use crate::{
    ApiError,
    health::{Health, healthz},
    middleware,
    request_id::IdSource,
};

/// The two routes.
pub fn router(database: Database, ids: IdSource) -> Router {
    let routes = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
    middleware::around(routes.with_state(database), ids)
}

/// The process can work: Postgres answers, and what jobs keep is there.
async fn readyz(State(database): State<Database>) -> Result<Json<Health>, ApiError> {
    sqlx::query("SELECT 1 FROM platform.environment_job LIMIT 1").execute(database.pool()).await?;
    Ok(Json(Health::OK))
}
