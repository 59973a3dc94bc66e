//! `GET /v1/wallets/{id}/statement`

mod body;
mod format;
mod object;

use axum::{http::HeaderMap, response::Response};
use kernel::WalletId;
use payments::{Error, statement::Period};
use policies::RetrieveWallet;
use serde::Deserialize;
use utoipa::IntoParams;

pub use format::Format;
pub use object::{Movement, Statement};

use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{PathText, Query},
    v1,
};

/// Which days, and how they are written.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The first day, as `YYYY-MM-DD`, in UTC.
    from: String,
    /// The last day, included; not in the future, and at most 400 days in all.
    to: String,
    /// How it is written. When absent, `Accept` says: `application/json`, `text/csv` or `application/xml`.
    format: Option<Format>,
}

/// A wallet's statement over some days: opening balance, movements with the balance after each, closing balance.
///
/// A movement belongs to the day on which it occurred. A long statement is sent piece by piece and is of one moment:
/// what is booked meanwhile is not in it.
#[utoipa::path(
    get, path = "/v1/wallets/{id}/statement", tag = "wallets",
    params(("id" = String, Path, description = "Its id."), StatementQuery),
    responses(
        (status = 200, content(
            (Statement = "application/json"),
            (String = "text/csv"),
            (String = "application/xml"),
        )),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)
    )
)]
pub async fn statement(
    caller: Caller,
    PathText(id): PathText,
    Query(query): Query<StatementQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let format = query.format.unwrap_or_else(|| Format::accepted(&headers));
    let today = caller.api().clock.now().date();
    let period = Period::parse(&query.from, &query.to, today).map_err(Error::Refused)?;
    let permit = caller.permit::<RetrieveWallet>(&caller.attributes()).await?;
    let id: WalletId = v1::id(&id, "wallet", "id")?;
    let keys = caller.keys().await;
    body::send(caller.reading(permit, keys), id, period, format).await
}
