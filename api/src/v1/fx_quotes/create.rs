//! `POST /v1/fx_quotes`

use axum::response::Response;
use kernel::Currency;
use payments::{
    KeyAccess,
    fx::quote::{self, FxQuoteDraft},
};
use policies::CreateFxQuote;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FxQuote;
use crate::{ApiError, Caller, error::ErrorBody, parameters::Body, v1};

/// Which rates are to be promised.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateFxQuoteBody {
    /// What is wanted. ISO 4217, lower case.
    #[schema(value_type = String)]
    to_currency: Currency,
    /// What may be given for it, 1 to 50 currencies.
    #[schema(value_type = Vec<String>)]
    from_currencies: Vec<Currency>,
    /// How long the rates are to be good.
    lock_duration: FxLockDuration,
    /// For whom. Left out by a merchant, the quote is good for any wallet; by an end user, it is for himself.
    customer: Option<String>,
}

/// How long a quote's rates are good.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FxLockDuration {
    /// Not at all: the quote only tells.
    None,
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl From<FxLockDuration> for quote::LockDuration {
    fn from(duration: FxLockDuration) -> Self {
        match duration {
            FxLockDuration::None => Self::None,
            FxLockDuration::FiveMinutes => Self::FiveMinutes,
            FxLockDuration::Hour => Self::Hour,
            FxLockDuration::Day => Self::Day,
        }
    }
}

/// Promises exchange rates until a moment, for one conversion.
#[utoipa::path(
    post, path = "/v1/fx_quotes", tag = "fx_quotes", request_body = CreateFxQuoteBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = FxQuote), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateFxQuoteBody>) -> Result<Response, ApiError> {
    let asked = body.value;
    let attributes = caller.attributes().with_currency(asked.to_currency);
    let permit = caller.permit::<CreateFxQuote>(&attributes).await?;
    let draft = FxQuoteDraft {
        customer: v1::optional_id(asked.customer.as_deref(), "customer", "customer")?,
        to_currency: asked.to_currency,
        from_currencies: asked.from_currencies,
        lock_duration: asked.lock_duration.into(),
    };
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(FxQuote::from(quote::create(&context, permit, draft).await?)) })
        })
        .await
}
