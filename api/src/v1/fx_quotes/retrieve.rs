//! `GET /v1/fx_quotes/{id}`

use axum::Json;
use kernel::FxQuoteId;
use payments::{KeyAccess, fx::quote};
use policies::RetrieveFxQuote;

use super::FxQuote;
use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText, v1};

/// One quote.
#[utoipa::path(
    get, path = "/v1/fx_quotes/{id}", tag = "fx_quotes", params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, body = FxQuote), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, PathText(id): PathText) -> Result<Json<FxQuote>, ApiError> {
    let permit = caller.permit::<RetrieveFxQuote>(&caller.attributes()).await?;
    let id: FxQuoteId = v1::id(&id, "fx quote", "id")?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move { Ok(FxQuote::from(quote::retrieve(&context, permit, id).await?)) })
        })
        .await
}
