//! `GET /v1/wallet_transfers`

use axum::Json;
use kernel::WalletTransferId;
use payments::wallet_transfer::{self, WalletTransferFilter};
use policies::ListWalletTransfers;
use serde::Deserialize;
use utoipa::IntoParams;

use super::WalletTransfer;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::{
        self,
        list::{List, PageQuery},
    },
};

/// Which wallet transfers, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListWalletTransfersQuery {
    /// Only from or to this wallet.
    wallet: Option<String>,
    /// Only of this customer.
    customer: Option<String>,
    /// How many items, 1 to 100; 10 when absent.
    limit: Option<i64>,
    /// The page behind this object.
    starting_after: Option<String>,
    /// The page before this object.
    ending_before: Option<String>,
}

/// Wallet transfers, newest first.
#[utoipa::path(
    get, path = "/v1/wallet_transfers", tag = "wallet_transfers", params(ListWalletTransfersQuery),
    responses((status = 200, body = List<WalletTransfer>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(
    caller: Caller,
    Query(query): Query<ListWalletTransfersQuery>,
) -> Result<Json<List<WalletTransfer>>, ApiError> {
    let permit = caller.permit::<ListWalletTransfers>(&caller.attributes()).await?;
    let filter = WalletTransferFilter {
        wallet: v1::optional_id(query.wallet.as_deref(), "wallet", "wallet")?,
        customer: v1::optional_id(query.customer.as_deref(), "customer", "customer")?,
    };
    let page = PageQuery::new(query.limit, query.starting_after, query.ending_before)
        .request::<WalletTransferId>("wallet transfer")?;
    let keys = caller.keys().await;
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(async move {
                Ok(List::of(wallet_transfer::list(&context, permit, filter, page).await?, "/v1/wallet_transfers"))
            })
        })
        .await
}
