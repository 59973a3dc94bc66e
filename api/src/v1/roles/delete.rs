//! `DELETE /v1/roles/{name}`

use axum::response::Response;
use payments::KeyAccess;
use policies::{DeleteRole, role};

use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText, v1::deleted::Deleted};

/// Removes a role that the tenant defined and nobody has.
#[utoipa::path(
    delete, path = "/v1/roles/{name}", tag = "roles", params(("name" = String, Path, description = "Its name.")),
    responses((status = 200, body = Deleted), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn delete(caller: Caller, PathText(name): PathText) -> Result<Response, ApiError> {
    let permit = caller.permit::<DeleteRole>(&caller.attributes()).await?;
    let snapshot = caller.snapshot().await?;
    let changed = caller.policies_changed();
    let reply = caller
        .write(permit, KeyAccess::not_fetched(), "", move |context, permit| {
            Box::pin(async move {
                role::delete(context.tx, permit, &snapshot, &name).await?;
                Ok(Deleted::new("role", name))
            })
        })
        .await?;
    changed.announce().await;
    Ok(reply)
}
