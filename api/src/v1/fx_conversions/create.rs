//! `POST /v1/fx_conversions`

use axum::response::Response;
use kernel::{Amount, Currency};
use payments::{
    KeyAccess,
    fx::conversion::{self, FxConversionDraft},
};
use policies::CreateFxConversion;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FxConversion;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Body,
    v1::{self, Metadata},
};

/// What is to be converted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateFxConversionBody {
    /// The quote whose rate applies; it is used up.
    quote: String,
    /// The wallet to take it from.
    source: String,
    /// The wallet to put it into, in the quote's `to_currency`.
    destination: String,
    /// Minor units of the source's currency, at least 1.
    #[schema(value_type = i64, minimum = 1)]
    amount: Amount,
    /// The source's currency, for who wants it checked, and for policies with a condition on it.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// The merchant's own key-value pairs.
    #[serde(default)]
    metadata: Metadata,
}

/// Converts money by a quote, or refuses and moves nothing.
#[utoipa::path(
    post, path = "/v1/fx_conversions", tag = "fx_conversions", request_body = CreateFxConversionBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = FxConversion), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateFxConversionBody>) -> Result<Response, ApiError> {
    let asked = body.value;
    let attributes = caller.attributes().with_amount(asked.amount);
    let attributes = asked.currency.into_iter().fold(attributes, policies::Attributes::with_currency);
    let permit = caller.permit::<CreateFxConversion>(&attributes).await?;
    let draft = FxConversionDraft {
        quote: v1::id(&asked.quote, "fx quote", "quote")?,
        source: v1::id(&asked.source, "wallet", "source")?,
        destination: v1::id(&asked.destination, "wallet", "destination")?,
        amount: asked.amount,
        currency: asked.currency,
        metadata: asked.metadata,
    };
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(FxConversion::from(conversion::create(&context, permit, draft).await?)) })
        })
        .await
}
