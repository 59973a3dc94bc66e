//! `GET /v1/fx_conversions/{id}`

use axum::Json;
use kernel::FxConversionId;
use payments::{KeyAccess, fx::conversion};
use policies::RetrieveFxConversion;

use super::FxConversion;
use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText, v1};

/// One conversion.
#[utoipa::path(
    get, path = "/v1/fx_conversions/{id}", tag = "fx_conversions", params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, body = FxConversion), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, PathText(id): PathText) -> Result<Json<FxConversion>, ApiError> {
    let permit = caller.permit::<RetrieveFxConversion>(&caller.attributes()).await?;
    let id: FxConversionId = v1::id(&id, "fx conversion", "id")?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move { Ok(FxConversion::from(conversion::retrieve(&context, permit, id).await?)) })
        })
        .await
}
