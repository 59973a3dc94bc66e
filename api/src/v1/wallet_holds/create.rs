//! `POST /v1/wallet_holds`

use axum::response::Response;
use kernel::{Amount, Currency};
use payments::{
    KeyAccess,
    wallet_hold::{self, WalletHoldDraft},
};
use policies::CreateWalletHold;
use serde::Deserialize;
use utoipa::ToSchema;

use super::WalletHold;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Body,
    v1::{self, Metadata, moment::Moment, orders},
};

/// What is to be kept back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWalletHoldBody {
    /// The wallet whose money is kept back.
    source: String,
    /// The wallet that gets what is captured.
    destination: String,
    /// Minor units, at least 1.
    #[schema(value_type = i64, minimum = 1)]
    amount: Amount,
    /// ISO 4217, lower case; must be that of both wallets.
    #[schema(value_type = String)]
    currency: Currency,
    /// From when on it can no longer be captured: Unix seconds or RFC 3339, in the future.
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Moment>,
    /// The merchant's own key-value pairs.
    #[serde(default)]
    metadata: Metadata,
}

/// Keeps money of a wallet back, until it is captured, released or expires.
#[utoipa::path(
    post, path = "/v1/wallet_holds", tag = "wallet_holds", request_body = CreateWalletHoldBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = WalletHold), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateWalletHoldBody>) -> Result<Response, ApiError> {
    let asked = body.value;
    let attributes = caller.attributes().with_amount(asked.amount).with_currency(asked.currency);
    let permit = caller.permit::<CreateWalletHold>(&attributes).await?;
    let draft = WalletHoldDraft {
        source: v1::id(&asked.source, "wallet", "source")?,
        destination: v1::id(&asked.destination, "wallet", "destination")?,
        amount: asked.amount,
        currency: asked.currency,
        expires_at: asked.expires_at.map(|moment| moment.0),
        metadata: asked.metadata,
    };
    let ask = wallet_hold::prepare(draft, caller.api().clock.as_ref(), caller.api().entropy.as_ref());
    caller.order(&permit, KeyAccess::not_fetched(), &body.canonical, vec![ask], orders::hold).await
}
