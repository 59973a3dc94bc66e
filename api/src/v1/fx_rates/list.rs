//! `GET /v1/fx_rates`

use axum::Json;
use kernel::FxRateId;
use payments::{KeyAccess, fx::rate};
use policies::ListFxRates;

use super::FxRate;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::list::{List, PageQuery},
};

/// Published rates, newest effective date first.
#[utoipa::path(
    get, path = "/v1/fx_rates", tag = "fx_rates", params(PageQuery),
    responses((status = 200, body = List<FxRate>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: Caller, Query(query): Query<PageQuery>) -> Result<Json<List<FxRate>>, ApiError> {
    let permit = caller.permit::<ListFxRates>(&caller.attributes()).await?;
    let page = query.request::<FxRateId>("exchange rate")?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move { Ok(List::of(rate::list(&context, permit, page).await?, "/v1/fx_rates")) })
        })
        .await
}
