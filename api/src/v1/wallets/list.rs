//! `GET /v1/wallets`

use axum::Json;
use kernel::WalletId;
use payments::{
    KeyAccess,
    wallet::{self, WalletFilter},
};
use policies::ListWallets;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Wallet;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::{
        self,
        list::{List, PageQuery},
    },
};

/// Which wallets, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListWalletsQuery {
    /// Only of this customer.
    customer: Option<String>,
    /// How many items, 1 to 100; 10 when absent.
    limit: Option<i64>,
    /// The page behind this object.
    starting_after: Option<String>,
    /// The page before this object.
    ending_before: Option<String>,
}

/// Wallets, newest first.
#[utoipa::path(
    get, path = "/v1/wallets", tag = "wallets", params(ListWalletsQuery),
    responses((status = 200, body = List<Wallet>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: Caller, Query(query): Query<ListWalletsQuery>) -> Result<Json<List<Wallet>>, ApiError> {
    let permit = caller.permit::<ListWallets>(&caller.attributes()).await?;
    let filter = WalletFilter { customer: v1::optional_id(query.customer.as_deref(), "customer", "customer")? };
    let page = PageQuery::new(query.limit, query.starting_after, query.ending_before).request::<WalletId>("wallet")?;
    let keys = KeyAccess::not_fetched();
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(async move { Ok(List::of(wallet::list(&context, permit, filter, page).await?, "/v1/wallets")) })
        })
        .await
}
