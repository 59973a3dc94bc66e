//! `POST /v1/wallets`

use axum::response::Response;
use kernel::Currency;
use payments::{
    KeyAccess,
    wallet::{self, WalletDraft, WalletKind},
};
use policies::CreateWallet;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Wallet;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Body,
    v1::{self, Metadata},
};

/// What a new wallet is made of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWalletBody {
    /// Whose. Left out by a merchant, the wallet is the merchant's own; by an end user, it is his.
    customer: Option<String>,
    /// ISO 4217, lower case.
    #[schema(value_type = String)]
    currency: Currency,
    /// `standard` holds somebody's money; `clearing` stands for the outside, where money comes from and goes to.
    #[serde(default, rename = "type")]
    kind: WalletType,
    /// How far below zero it may go, in minor units; 0 when absent.
    #[serde(default)]
    overdraft_limit: i64,
    /// The merchant's own key-value pairs.
    #[serde(default)]
    metadata: Metadata,
}

/// What a wallet is for.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WalletType {
    /// It holds somebody's money.
    #[default]
    Standard,
    /// It stands for the outside.
    Clearing,
}

impl From<WalletType> for WalletKind {
    fn from(kind: WalletType) -> Self {
        match kind {
            WalletType::Standard => Self::Standard,
            WalletType::Clearing => Self::Clearing,
        }
    }
}

/// Opens a wallet with nothing in it.
#[utoipa::path(
    post, path = "/v1/wallets", tag = "wallets", request_body = CreateWalletBody, params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Wallet), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateWalletBody>) -> Result<Response, ApiError> {
    let attributes = caller.attributes().with_currency(body.value.currency);
    let permit = caller.permit::<CreateWallet>(&attributes).await?;
    let customer = v1::optional_id(body.value.customer.as_deref(), "customer", "customer")?;
    let CreateWalletBody { currency, kind, overdraft_limit, metadata, .. } = body.value;
    let draft = WalletDraft { customer, currency, kind: kind.into(), overdraft_limit, metadata };
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(Wallet::from(wallet::create(&context, permit, draft).await?)) })
        })
        .await
}
