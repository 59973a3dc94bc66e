//! `POST /v1/fx_settings`

use axum::response::Response;
use payments::{
    Change, KeyAccess,
    fx::settings::{self, FxSettingsUpdate},
};
use policies::UpdateFxSettings;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FxSettings;
use crate::{ApiError, Caller, error::ErrorBody, parameters::Body};

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateFxSettingsBody {
    /// What is kept of converted money, in hundredths of a percent: 0 to 5000.
    #[schema(minimum = 0, maximum = 5000)]
    spread_basis_points: Option<i64>,
    /// How many days old a rate may be, 1 to 3650; null is however old.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    rate_age_days_max: Change<i64>,
}

/// Changes the settings. Quotes that were made stay as they are.
#[utoipa::path(
    post, path = "/v1/fx_settings", tag = "fx_settings", request_body = UpdateFxSettingsBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = FxSettings), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn update(caller: Caller, body: Body<UpdateFxSettingsBody>) -> Result<Response, ApiError> {
    let permit = caller.permit::<UpdateFxSettings>(&caller.attributes()).await?;
    let change = FxSettingsUpdate {
        spread_basis_points: body.value.spread_basis_points,
        rate_age_days_max: body.value.rate_age_days_max,
    };
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(FxSettings::from(settings::update(&context, permit, change).await?)) })
        })
        .await
}
