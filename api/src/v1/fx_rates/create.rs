//! `POST /v1/fx_rates`

use std::collections::HashMap;

use axum::{
    extract::{FromRequest as _, Request},
    response::Response,
};
use kernel::Currency;
use payments::{
    KeyAccess,
    fx::{
        ExchangeRate,
        rate::{self, FxRateDraft},
    },
};
use policies::{CreateFxRate, Permit};
use serde::{Deserialize, Serialize};
use time::{Date, macros::format_description};
use utoipa::ToSchema;

use super::{FxRate, FxRateImport, file};
use crate::{ApiError, Caller, call::Target, error::ErrorBody, parameters::Body};

/// Rates to publish.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateFxRateBody {
    /// One unit of this costs so many of the others. ISO 4217, lower case.
    #[schema(value_type = String)]
    base: Currency,
    /// Units of each currency for one of the base, as decimal text of at most 12 significant digits: `{"usd": "1.0812"}`.
    #[schema(value_type = HashMap<String, String>)]
    rates: HashMap<Currency, ExchangeRate>,
    /// From when on they count, such as `2026-11-20`; today (UTC) when absent.
    effective_date: Option<String>,
    /// Who says so; `staff` when absent.
    source: Option<String>,
}

/// What was published: a day's rates, or a file of them.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum FxRatesCreated {
    /// Of a JSON body.
    Day(FxRate),
    /// Of a file.
    File(FxRateImport),
}

impl Target for FxRatesCreated {
    fn target(&self) -> String {
        match self {
            Self::Day(rate) => rate.target(),
            Self::File(import) => import.target(),
        }
    }
}

/// Publishes rates, or loads a file of the European Central Bank.
///
/// As `application/json`, one day's rates of any base; the answer is the `fx_rate`. As `text/csv`, the bank's
/// `eurofxref.csv` or `eurofxref-hist.csv`; the answer is an `fx_rate_import`. A bad line of a file is reported by its
/// number, and the lines behind it are loaded. A day that is there already with the same rates is not written again.
#[utoipa::path(
    post, path = "/v1/fx_rates", tag = "fx_rates",
    request_body(content((CreateFxRateBody = "application/json"), (String = "text/csv"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses(
        (status = 200, body = FxRatesCreated),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)
    )
)]
pub async fn create(caller: Caller, request: Request) -> Result<Response, ApiError> {
    let permit = caller.permit::<CreateFxRate>(&caller.attributes()).await?;
    if file::is_announced(request.headers()) {
        load(caller, permit, request).await
    } else {
        publish(caller, permit, Body::from_request(request, &()).await?).await
    }
}

async fn publish(
    caller: Caller,
    permit: Permit<CreateFxRate>,
    body: Body<CreateFxRateBody>,
) -> Result<Response, ApiError> {
    let asked = body.value;
    let draft = FxRateDraft {
        base: asked.base,
        rates: asked.rates.into_iter().collect(),
        effective_on: asked.effective_date.as_deref().map(effective_on).transpose()?,
        source: asked.source,
    };
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(FxRatesCreated::Day(rate::create(&context, permit, draft).await?.into())) })
        })
        .await
}

async fn load(caller: Caller, permit: Permit<CreateFxRate>, request: Request) -> Result<Response, ApiError> {
    let file::Received { file, canonical } = file::receive(request).await?;
    caller
        .write(permit, KeyAccess::not_fetched(), &canonical, move |context, permit| {
            Box::pin(async move {
                let loaded = rate::load(&context, permit, &file.days).await?;
                Ok(FxRatesCreated::File(FxRateImport::of(file, loaded)))
            })
        })
        .await
}

/// A date that a rate can be of.
fn effective_on(text: &str) -> Result<Date, ApiError> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok();
    date.filter(|date| (1900..=2999).contains(&date.year())).ok_or_else(|| {
        let message = "Invalid effective_date: must be a date such as 2026-11-20.";
        ApiError::invalid("parameter_invalid", message).with_param("effective_date")
    })
}
