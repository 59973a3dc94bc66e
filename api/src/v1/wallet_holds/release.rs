//! `POST /v1/wallet_holds/{id}/release`

use axum::response::Response;
use payments::{KeyAccess, desk::Ask};
use policies::ReleaseWalletHold;

use super::WalletHold;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, PathText},
    v1::{self, NoParameters, orders},
};

/// Ends a hold: what it kept back is free again.
#[utoipa::path(
    post, path = "/v1/wallet_holds/{id}/release", tag = "wallet_holds",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = WalletHold), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn release(caller: Caller, PathText(id): PathText, body: Body<NoParameters>) -> Result<Response, ApiError> {
    let permit = caller.permit::<ReleaseWalletHold>(&caller.attributes()).await?;
    let ask = Ask::Release { hold: v1::id(&id, "wallet hold", "id")? };
    caller.order(&permit, KeyAccess::not_fetched(), &body.canonical, vec![ask], orders::hold).await
}
