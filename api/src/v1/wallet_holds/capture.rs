//! `POST /v1/wallet_holds/{id}/capture`

use axum::response::Response;
use kernel::{Amount, WalletTransferId};
use payments::{KeyAccess, desk::Ask};
use policies::CaptureWalletHold;
use serde::Deserialize;
use utoipa::ToSchema;

use super::WalletHold;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, PathText},
    v1::{self, orders},
};

/// How much is captured.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureWalletHoldBody {
    /// Minor units; left out, all that is kept back.
    #[schema(value_type = Option<i64>, minimum = 1)]
    amount: Option<Amount>,
    /// Whether what is left after it is free again (the default), or stays held for another capture.
    #[serde(default = "released")]
    release_remainder: bool,
}

const fn released() -> bool {
    true
}

/// Moves held money to its destination.
#[utoipa::path(
    post, path = "/v1/wallet_holds/{id}/capture", tag = "wallet_holds", request_body = CaptureWalletHoldBody,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = WalletHold), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn capture(
    caller: Caller,
    PathText(id): PathText,
    body: Body<CaptureWalletHoldBody>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<CaptureWalletHold>(&caller.attributes()).await?;
    let hold = v1::id(&id, "wallet hold", "id")?;
    let id = WalletTransferId::generate(caller.api().clock.as_ref(), caller.api().entropy.as_ref());
    let ask = Ask::Capture { id, hold, amount: body.value.amount, keep_remainder: !body.value.release_remainder };
    caller.order(&permit, KeyAccess::not_fetched(), &body.canonical, vec![ask], orders::hold).await
}
