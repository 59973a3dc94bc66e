//! `POST /v1/wallet_transfers`

use axum::response::Response;
use kernel::{Amount, Currency};
use payments::{
    KeyAccess,
    desk::Ask,
    wallet_transfer::{self, WalletTransferDraft},
};
use policies::{CreateWalletTransfer, Permit};
use serde::Deserialize;
use utoipa::ToSchema;

use super::WalletTransfer;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Body,
    v1::{self, Metadata, moment::Moment, orders},
};

/// What is to be moved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWalletTransferBody {
    /// The wallet to take it from.
    pub(super) source: String,
    /// The wallet to put it into.
    pub(super) destination: String,
    /// Minor units, at least 1.
    #[schema(value_type = i64, minimum = 1)]
    pub(super) amount: Amount,
    /// ISO 4217, lower case; must be that of both wallets.
    #[schema(value_type = String)]
    pub(super) currency: Currency,
    /// When it counts, where that is not now: Unix seconds or RFC 3339, not in the future.
    #[schema(value_type = Option<i64>)]
    pub(super) occurred_at: Option<Moment>,
    /// What for; sealed.
    pub(super) description: Option<String>,
    /// The merchant's own key-value pairs.
    #[serde(default)]
    pub(super) metadata: Metadata,
}

/// Moves money from one wallet to another, or refuses and moves nothing.
#[utoipa::path(
    post, path = "/v1/wallet_transfers", tag = "wallet_transfers", request_body = CreateWalletTransferBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = WalletTransfer), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateWalletTransferBody>) -> Result<Response, ApiError> {
    let asked = body.value;
    let permit = asked.permit(&caller).await?;
    let keys = asked.keys(&caller).await;
    let ask = asked.ask(&caller, &keys)?;
    caller.order(&permit, keys, &body.canonical, vec![ask], orders::transfer).await
}

impl CreateWalletTransferBody {
    /// The proof that the caller may move this.
    pub(super) async fn permit(&self, caller: &Caller) -> Result<Permit<CreateWalletTransfer>, ApiError> {
        let attributes = caller.attributes().with_amount(self.amount).with_currency(self.currency);
        caller.permit::<CreateWalletTransfer>(&attributes).await
    }

    /// Only a description needs the environment's key: without one, money moves while the KMS is away.
    pub(super) async fn keys(&self, caller: &Caller) -> KeyAccess {
        if self.description.is_some() { caller.keys().await } else { KeyAccess::not_fetched() }
    }

    /// What it asks of the desk.
    pub(super) fn ask(self, caller: &Caller, keys: &KeyAccess) -> Result<Ask, ApiError> {
        let draft = WalletTransferDraft {
            source: v1::id(&self.source, "wallet", "source")?,
            destination: v1::id(&self.destination, "wallet", "destination")?,
            amount: self.amount,
            currency: self.currency,
            occurred_at: self.occurred_at.map(|moment| moment.0),
            description: self.description,
            metadata: self.metadata,
        };
        let (clock, entropy) = (caller.api().clock.as_ref(), caller.api().entropy.as_ref());
        Ok(wallet_transfer::prepare(draft, keys, clock, entropy)?)
    }

    /// The same for the same parameters.
    pub(super) fn canonical(&self) -> String {
        let occurred_at = self.occurred_at.map(|moment| moment.0.unix_timestamp_nanos().to_string());
        serde_json::json!([
            self.source,
            self.destination,
            self.amount,
            self.currency,
            occurred_at,
            self.description,
            self.metadata
        ])
        .to_string()
    }
}
