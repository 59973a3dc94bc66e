//! `GET /v1/api_keys`

use axum::Json;
use kernel::ApiKeyId;
use payments::{KeyAccess, api_key};
use policies::ListApiKeys;

use super::ApiKey;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::list::{List, PageQuery},
};

/// Api keys, newest first.
#[utoipa::path(
    get, path = "/v1/api_keys", tag = "api_keys", params(PageQuery),
    responses((status = 200, body = List<ApiKey>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: Caller, Query(query): Query<PageQuery>) -> Result<Json<List<ApiKey>>, ApiError> {
    let permit = caller.permit::<ListApiKeys>(&caller.attributes()).await?;
    let page = query.request::<ApiKeyId>("API key")?;
    let keys = KeyAccess::not_fetched();
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(async move { Ok(List::of(api_key::list(&context, permit, page).await?, "/v1/api_keys")) })
        })
        .await
}
