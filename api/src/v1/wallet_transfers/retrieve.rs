//! `GET /v1/wallet_transfers/{id}`

use axum::Json;
use kernel::WalletTransferId;
use payments::wallet_transfer;
use policies::RetrieveWalletTransfer;

use super::WalletTransfer;
use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText, v1};

/// One wallet transfer.
#[utoipa::path(
    get, path = "/v1/wallet_transfers/{id}", tag = "wallet_transfers", params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, body = WalletTransfer), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, PathText(id): PathText) -> Result<Json<WalletTransfer>, ApiError> {
    let permit = caller.permit::<RetrieveWalletTransfer>(&caller.attributes()).await?;
    let id: WalletTransferId = v1::id(&id, "wallet transfer", "id")?;
    let keys = caller.keys().await;
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(async move { Ok(WalletTransfer::from(wallet_transfer::retrieve(&context, permit, id).await?)) })
        })
        .await
}
