//! `GET /v1/fx_settings`

use axum::Json;
use payments::{KeyAccess, fx::settings};
use policies::RetrieveFxSettings;

use super::FxSettings;
use crate::{ApiError, Caller, error::ErrorBody};

/// The spread and how old a rate may be.
#[utoipa::path(
    get, path = "/v1/fx_settings", tag = "fx_settings",
    responses((status = 200, body = FxSettings), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller) -> Result<Json<FxSettings>, ApiError> {
    let permit = caller.permit::<RetrieveFxSettings>(&caller.attributes()).await?;
    caller
        .read(permit, KeyAccess::not_fetched(), |context, permit| {
            Box::pin(async move { Ok(FxSettings::from(settings::retrieve(&context, permit).await?)) })
        })
        .await
}
