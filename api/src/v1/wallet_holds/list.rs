//! `GET /v1/wallet_holds`

use axum::Json;
use kernel::WalletHoldId;
use payments::{KeyAccess, wallet_hold};
use policies::ListWalletHolds;
use serde::Deserialize;
use utoipa::IntoParams;

use super::WalletHold;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::{
        self,
        list::{List, PageQuery},
    },
};

/// Which holds, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListWalletHoldsQuery {
    /// Only of this source wallet.
    source: Option<String>,
    /// How many items, 1 to 100; 10 when absent.
    limit: Option<i64>,
    /// The page behind this object.
    starting_after: Option<String>,
    /// The page before this object.
    ending_before: Option<String>,
}

/// Holds, newest first.
#[utoipa::path(
    get, path = "/v1/wallet_holds", tag = "wallet_holds", params(ListWalletHoldsQuery),
    responses((status = 200, body = List<WalletHold>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(
    caller: Caller,
    Query(query): Query<ListWalletHoldsQuery>,
) -> Result<Json<List<WalletHold>>, ApiError> {
    let permit = caller.permit::<ListWalletHolds>(&caller.attributes()).await?;
    let source = v1::optional_id(query.source.as_deref(), "wallet", "source")?;
    let page = PageQuery::new(query.limit, query.starting_after, query.ending_before)
        .request::<WalletHoldId>("wallet hold")?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move {
                Ok(List::of(wallet_hold::list(&context, permit, source, page).await?, "/v1/wallet_holds"))
            })
        })
        .await
}
