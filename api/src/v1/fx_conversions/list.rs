//! `GET /v1/fx_conversions`

use axum::Json;
use kernel::FxConversionId;
use payments::{
    KeyAccess,
    fx::conversion::{self, FxConversionFilter},
};
use policies::ListFxConversions;
use serde::Deserialize;
use utoipa::IntoParams;

use super::FxConversion;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::{
        self,
        list::{List, PageQuery},
    },
};

/// Which conversions, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListFxConversionsQuery {
    /// Only from or to this wallet.
    wallet: Option<String>,
    /// Only of this customer's money.
    customer: Option<String>,
    /// How many items, 1 to 100; 10 when absent.
    limit: Option<i64>,
    /// The page behind this object.
    starting_after: Option<String>,
    /// The page before this object.
    ending_before: Option<String>,
}

/// Conversions, newest first.
#[utoipa::path(
    get, path = "/v1/fx_conversions", tag = "fx_conversions", params(ListFxConversionsQuery),
    responses((status = 200, body = List<FxConversion>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(
    caller: Caller,
    Query(query): Query<ListFxConversionsQuery>,
) -> Result<Json<List<FxConversion>>, ApiError> {
    let permit = caller.permit::<ListFxConversions>(&caller.attributes()).await?;
    let filter = FxConversionFilter {
        wallet: v1::optional_id(query.wallet.as_deref(), "wallet", "wallet")?,
        customer: v1::optional_id(query.customer.as_deref(), "customer", "customer")?,
    };
    let page = PageQuery::new(query.limit, query.starting_after, query.ending_before)
        .request::<FxConversionId>("fx conversion")?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move {
                Ok(List::of(conversion::list(&context, permit, filter, page).await?, "/v1/fx_conversions"))
            })
        })
        .await
}
