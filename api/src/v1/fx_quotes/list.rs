//! `GET /v1/fx_quotes`

use axum::Json;
use kernel::FxQuoteId;
use payments::{
    KeyAccess,
    fx::quote::{self, FxQuoteFilter},
};
use policies::ListFxQuotes;
use serde::Deserialize;
use utoipa::IntoParams;

use super::FxQuote;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::{
        self,
        list::{List, PageQuery},
    },
};

/// Which quotes, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListFxQuotesQuery {
    /// Only for this customer.
    customer: Option<String>,
    /// How many items, 1 to 100; 10 when absent.
    limit: Option<i64>,
    /// The page behind this object.
    starting_after: Option<String>,
    /// The page before this object.
    ending_before: Option<String>,
}

/// Quotes, newest first.
#[utoipa::path(
    get, path = "/v1/fx_quotes", tag = "fx_quotes", params(ListFxQuotesQuery),
    responses((status = 200, body = List<FxQuote>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: Caller, Query(query): Query<ListFxQuotesQuery>) -> Result<Json<List<FxQuote>>, ApiError> {
    let permit = caller.permit::<ListFxQuotes>(&caller.attributes()).await?;
    let filter = FxQuoteFilter { customer: v1::optional_id(query.customer.as_deref(), "customer", "customer")? };
    let page =
        PageQuery::new(query.limit, query.starting_after, query.ending_before).request::<FxQuoteId>("fx quote")?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move { Ok(List::of(quote::list(&context, permit, filter, page).await?, "/v1/fx_quotes")) })
        })
        .await
}
