//! `GET /v1/wallets/{id}`

use axum::Json;
use kernel::WalletId;
use payments::{
    Error,
    wallet::{self, WalletQuestion},
};
use policies::{Permit, RetrieveWallet};

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
    Ok(Json(Wallet::from(read(&caller, &permit, id).await?)))
}

/// Reads the wallet beside those that others ask for at the same time.
pub(super) async fn read(
    caller: &Caller,
    permit: &Permit<RetrieveWallet>,
    id: WalletId,
) -> Result<wallet::Wallet, ApiError> {
    let scope = caller.scope();
    let question = WalletQuestion::try_new(permit, scope.environment().id, scope.actor(), id)?;
    Ok(caller.ask(&caller.api().wallets, question).await?.map_err(Error::Refused)?)
}
