//! `POST /v1/wallet_transfers/{id}/reverse`

use axum::response::Response;
use kernel::WalletTransferId;
use payments::{KeyAccess, desk::Ask};
use policies::ReverseWalletTransfer;

use super::WalletTransfer;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, PathText},
    v1::{self, NoParameters, orders},
};

/// Undoes a transfer by its opposite, once.
#[utoipa::path(
    post, path = "/v1/wallet_transfers/{id}/reverse", tag = "wallet_transfers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = WalletTransfer), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn reverse(caller: Caller, PathText(id): PathText, body: Body<NoParameters>) -> Result<Response, ApiError> {
    let permit = caller.permit::<ReverseWalletTransfer>(&caller.attributes()).await?;
    let original = v1::id(&id, "wallet transfer", "id")?;
    let id = WalletTransferId::generate(caller.api().clock.as_ref(), caller.api().entropy.as_ref());
    let ask = Ask::Reverse { id, original };
    caller.order(&permit, KeyAccess::not_fetched(), &body.canonical, vec![ask], orders::transfer).await
}
