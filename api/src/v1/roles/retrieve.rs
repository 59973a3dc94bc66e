//! `GET /v1/roles/{name}`

use axum::Json;
use payments::KeyAccess;
use policies::{RetrieveRole, role};

use super::Role;
use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText};

/// One role.
#[utoipa::path(
    get, path = "/v1/roles/{name}", tag = "roles", params(("name" = String, Path, description = "Its name.")),
    responses((status = 200, body = Role), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, PathText(name): PathText) -> Result<Json<Role>, ApiError> {
    let permit = caller.permit::<RetrieveRole>(&caller.attributes()).await?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move { Role::try_from(role::retrieve(context.tx, permit, &name).await?) })
        })
        .await
}
