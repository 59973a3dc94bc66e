//! `POST /v1/wallets`

use axum::response::Response;
use kernel::Currency;
use payments::{
    KeyAccess,
    wallet::{self, WalletDraft},
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
    /// The merchant's own key-value pairs.
    #[serde(default)]
    metadata: Metadata,
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
    let draft = WalletDraft { customer, currency: body.value.currency, metadata: body.value.metadata };
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(Wallet::from(wallet::create(&context, permit, draft).await?)) })
        })
        .await
}
