//! `POST /v1/wallets/{id}/unfreeze`

use axum::response::Response;
use payments::{KeyAccess, wallet};
use policies::FreezeWallet;

use super::Wallet;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, PathText},
    v1::{self, NoParameters},
};

/// Lets a frozen wallet take and give again.
#[utoipa::path(
    post, path = "/v1/wallets/{id}/unfreeze", tag = "wallets",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Wallet), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn unfreeze(caller: Caller, PathText(id): PathText, body: Body<NoParameters>) -> Result<Response, ApiError> {
    let permit = caller.permit::<FreezeWallet>(&caller.attributes()).await?;
    let id = v1::id(&id, "wallet", "id")?;
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(Wallet::from(wallet::unfreeze(&context, permit, id).await?)) })
        })
        .await
}
