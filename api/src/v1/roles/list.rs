//! `GET /v1/roles`

use axum::Json;
use payments::KeyAccess;
use policies::{ListRoles, role};

use super::Role;
use crate::{ApiError, Caller, error::ErrorBody, v1::list::List};

/// All roles: the built-in ones, then the tenant's by name. There are few, so there is one page.
#[utoipa::path(
    get, path = "/v1/roles", tag = "roles",
    responses((status = 200, body = List<Role>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: Caller) -> Result<Json<List<Role>>, ApiError> {
    let permit = caller.permit::<ListRoles>(&caller.attributes()).await?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move {
                let roles = role::list(context.tx, permit).await?;
                let roles = roles.into_iter().map(Role::try_from).collect::<Result<Vec<_>, _>>()?;
                Ok(List::whole(roles, "/v1/roles"))
            })
        })
        .await
}
