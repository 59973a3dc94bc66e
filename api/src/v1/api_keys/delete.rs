//! `DELETE /v1/api_keys/{id}`

use axum::response::Response;
use kernel::ApiKeyId;
use payments::{KeyAccess, api_key};
use policies::DeleteApiKey;

use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::PathText,
    v1::{self, deleted::Deleted},
};

/// Removes an API key.
#[utoipa::path(
    delete, path = "/v1/api_keys/{id}", tag = "api_keys", params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, body = Deleted), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn delete(caller: Caller, PathText(id): PathText) -> Result<Response, ApiError> {
    let permit = caller.permit::<DeleteApiKey>(&caller.attributes()).await?;
    let id: ApiKeyId = v1::id(&id, "API key", "id")?;
    let snapshot = caller.snapshot().await?;
    caller
        .write(permit, KeyAccess::not_fetched(), "", move |context, permit| {
            Box::pin(async move {
                api_key::delete(&context, permit, &snapshot, id).await?;
                Ok(Deleted::new("api_key", id))
            })
        })
        .await
}
