//! `POST /v1/test_helpers/wallets/{id}/fund_balance`

use axum::response::Response;
use kernel::{Amount, Currency, WalletId};
use payments::{KeyAccess, wallet};
use policies::FundWallet;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Wallet;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, PathText},
    v1,
};

/// How much play money.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundWalletBody {
    /// Minor units, at least 1.
    #[schema(value_type = i64, minimum = 1)]
    amount: Amount,
    /// ISO 4217, lower case; must be the wallet's.
    #[schema(value_type = String)]
    currency: Currency,
}

/// Puts play money into a wallet of the test side, from outside the ledger's wallets.
#[utoipa::path(
    post, path = "/v1/test_helpers/wallets/{id}/fund_balance", tag = "wallets", request_body = FundWalletBody,
    params(("id" = String, Path, description = "Its id."), ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Wallet), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn fund(caller: Caller, PathText(id): PathText, body: Body<FundWalletBody>) -> Result<Response, ApiError> {
    let FundWalletBody { amount, currency } = body.value;
    let attributes = caller.attributes().with_amount(amount).with_currency(currency);
    let permit = caller.permit::<FundWallet>(&attributes).await?;
    let id: WalletId = v1::id(&id, "wallet", "id")?;
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(Wallet::from(wallet::fund(&context, permit, id, amount, currency).await?)) })
        })
        .await
}
