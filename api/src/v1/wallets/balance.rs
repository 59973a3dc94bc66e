//! `GET /v1/wallets/{id}/balance`

use axum::Json;
use kernel::{Currency, Money, WalletId};
use payments::{KeyAccess, wallet};
use policies::RetrieveWallet;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::retrieve;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{PathText, Query},
    v1::{self, moment::Moment},
};

/// As of when.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WalletBalanceQuery {
    /// A moment that has come, as Unix seconds or RFC 3339; now when absent.
    #[param(value_type = Option<String>)]
    at: Option<Moment>,
}

/// What a wallet held at a moment.
#[derive(Serialize, ToSchema)]
pub struct WalletBalance {
    /// Always `wallet_balance`.
    object: &'static str,
    /// Of which wallet.
    #[schema(value_type = String)]
    wallet: WalletId,
    /// Minor units. Below zero where more had gone out than come in by then.
    balance: i64,
    /// ISO 4217, lower case.
    #[schema(value_type = String)]
    currency: Currency,
    /// The moment, in Unix seconds.
    at: i64,
}

impl WalletBalance {
    const fn of(wallet: WalletId, money: Money, at: OffsetDateTime) -> Self {
        Self {
            object: "wallet_balance",
            wallet,
            balance: money.minor,
            currency: money.currency,
            at: at.unix_timestamp(),
        }
    }
}

/// What a wallet holds, or held by everything that had occurred at a moment.
#[utoipa::path(
    get, path = "/v1/wallets/{id}/balance", tag = "wallets",
    params(("id" = String, Path, description = "Its id."), WalletBalanceQuery),
    responses((status = 200, body = WalletBalance), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn balance(
    caller: Caller,
    PathText(id): PathText,
    Query(query): Query<WalletBalanceQuery>,
) -> Result<Json<WalletBalance>, ApiError> {
    let permit = caller.permit::<RetrieveWallet>(&caller.attributes()).await?;
    let id: WalletId = v1::id(&id, "wallet", "id")?;
    let Some(Moment(at)) = query.at else {
        let wallet = retrieve::read(&caller, &permit, id).await?;
        return Ok(Json(WalletBalance::of(id, wallet.balance, caller.api().clock.now())));
    };
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move { Ok(WalletBalance::of(id, wallet::balance_at(&context, permit, id, at).await?, at)) })
        })
        .await
}
