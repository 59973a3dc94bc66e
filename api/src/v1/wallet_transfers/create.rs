//! `POST /v1/wallet_transfers`

use axum::response::Response;
use kernel::{Amount, Currency};
use payments::{
    KeyAccess,
    wallet_transfer::{self, WalletTransferDraft},
};
use policies::CreateWalletTransfer;
use serde::Deserialize;
use utoipa::ToSchema;

use super::WalletTransfer;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Body,
    v1::{self, Metadata},
};

/// What is to be moved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWalletTransferBody {
    /// The wallet to take it from.
    source: String,
    /// The wallet to put it into.
    destination: String,
    /// Minor units, at least 1.
    #[schema(value_type = i64, minimum = 1)]
    amount: Amount,
    /// ISO 4217, lower case; must be that of both wallets.
    #[schema(value_type = String)]
    currency: Currency,
    /// What for; sealed.
    description: Option<String>,
    /// The merchant's own key-value pairs.
    #[serde(default)]
    metadata: Metadata,
}

/// Moves money from one wallet to another, or refuses and moves nothing.
#[utoipa::path(
    post, path = "/v1/wallet_transfers", tag = "wallet_transfers", request_body = CreateWalletTransferBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = WalletTransfer), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateWalletTransferBody>) -> Result<Response, ApiError> {
    let asked = body.value;
    let attributes = caller.attributes().with_amount(asked.amount).with_currency(asked.currency);
    let permit = caller.permit::<CreateWalletTransfer>(&attributes).await?;
    // Only a description needs the environment's key: without one, money moves while the KMS is away.
    let keys = if asked.description.is_some() { caller.keys().await } else { KeyAccess::not_fetched() };
    let draft = WalletTransferDraft {
        source: v1::id(&asked.source, "wallet", "source")?,
        destination: v1::id(&asked.destination, "wallet", "destination")?,
        amount: asked.amount,
        currency: asked.currency,
        description: asked.description,
        metadata: asked.metadata,
    };
    caller
        .write(permit, keys, &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(WalletTransfer::from(wallet_transfer::create(&context, permit, draft).await?)) })
        })
        .await
}
