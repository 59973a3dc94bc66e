//! `GET /v1/wallets/{id}`

use axum::Json;
use kernel::WalletId;
use payments::{KeyAccess, wallet};
use policies::RetrieveWallet;

use super::Wallet;
use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText, v1};

/// One wallet.
#[utoipa::path(
    get, path = "/v1/wallets/{id}", tag = "wallets", params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, body = Wallet), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, PathText(id): PathText) -> Result<Json<Wallet>, ApiError> {
    let permit = caller.permit::<RetrieveWallet>(&caller.attributes()).await?;
    let id: WalletId = v1::id(&id, "wallet", "id")?;
    let keys = KeyAccess::not_fetched();
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(async move { Ok(Wallet::from(wallet::retrieve(&context, permit, id).await?)) })
        })
        .await
}
