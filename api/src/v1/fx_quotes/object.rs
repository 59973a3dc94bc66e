//! The quote as the API shows it: Stripe's shape, with `customer` and `livemode` beside.

use std::collections::BTreeMap;

use kernel::{Currency, CustomerId, FxQuoteId};
use payments::fx::quote::{self, Terms};
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use crate::call::Target;

/// Exchange rates promised until a moment.
#[derive(Serialize, ToSchema)]
pub struct FxQuote {
    /// Identifier.
    #[schema(value_type = String)]
    id: FxQuoteId,
    /// Always `fx_quote`.
    object: &'static str,
    /// For whom; null is for the merchant.
    #[schema(value_type = Option<String>)]
    customer: Option<CustomerId>,
    /// When it was made, in Unix seconds.
    created: i64,
    /// How long the rates are good: `none`, `five_minutes`, `hour` or `day`.
    lock_duration: &'static str,
    /// Until when the rates are good, in Unix seconds; null where they never were.
    lock_expires_at: Option<i64>,
    /// Whether the rates are good: `active`, `expired` or `none`.
    lock_status: &'static str,
    /// By currency that is given.
    rates: BTreeMap<String, FxQuoteRate>,
    /// What is wanted. ISO 4217, lower case.
    #[schema(value_type = String)]
    to_currency: Currency,
    /// Whether it is of the live side.
    livemode: bool,
}

/// What one unit comes to.
#[derive(Serialize, ToSchema)]
pub struct FxQuoteRate {
    /// With the spread: what a conversion applies.
    #[schema(value_type = f64)]
    exchange_rate: Number,
    /// What it is made of.
    rate_details: FxQuoteRateDetails,
}

/// What a rate is made of.
#[derive(Serialize, ToSchema)]
pub struct FxQuoteRateDetails {
    /// Without the spread.
    #[schema(value_type = f64)]
    base_rate: Number,
    /// What locking costs: nothing.
    #[schema(value_type = f64)]
    duration_premium: Number,
    /// The spread, as a part of one.
    #[schema(value_type = f64)]
    fx_fee_rate: Number,
    /// What was published, crossed where needed.
    #[schema(value_type = f64)]
    reference_rate: Number,
    /// For which day; the older where two publications were crossed.
    reference_rate_date: String,
    /// Who published it.
    reference_rate_provider: String,
}

/// A rate as a JSON number. It has at most 12 significant digits, so that what is written is the decimal itself and
/// every reader of binary floating point gets the same text back.
fn number(text: &str) -> Number {
    text.parse().unwrap_or_else(|_| Number::from(0))
}

/// Hundredths of a percent as a part of one.
fn part(basis_points: u16) -> Number {
    number(&format!("{basis_points}e-4"))
}

impl FxQuoteRate {
    fn of(terms: Terms, spread_basis_points: u16) -> Self {
        Self {
            exchange_rate: number(&terms.exchange_rate.to_string()),
            rate_details: FxQuoteRateDetails {
                base_rate: number(&terms.base_rate.to_string()),
                duration_premium: part(0),
                fx_fee_rate: part(spread_basis_points),
                reference_rate: number(&terms.base_rate.to_string()),
                reference_rate_date: terms.effective_on.to_string(),
                reference_rate_provider: terms.source,
            },
        }
    }
}

impl Target for FxQuote {
    fn target(&self) -> String {
        self.id.to_string()
    }
}

impl From<quote::FxQuote> for FxQuote {
    fn from(quote: quote::FxQuote) -> Self {
        let spread = quote.spread_basis_points;
        Self {
            id: quote.id,
            object: "fx_quote",
            customer: quote.customer,
            created: quote.created.unix_timestamp(),
            lock_duration: quote.lock_duration.as_str(),
            lock_expires_at: quote.lock_expires.map(time::OffsetDateTime::unix_timestamp),
            lock_status: quote.lock_status.as_str(),
            rates: quote.rates.into_iter().map(|(code, terms)| (code, FxQuoteRate::of(terms, spread))).collect(),
            to_currency: quote.to_currency,
            livemode: quote.livemode,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_the_decimals_they_are() {
        for text in ["1.0812", "163.25", "0.00612557427251", "1", "999999999999", "0.333333333333"] {
            let written = serde_json::to_string(&number(text)).unwrap();
            let read: f64 = written.parse().unwrap();
            assert_eq!(read.to_string(), text, "{written}");
        }
        assert_eq!(serde_json::to_string(&part(100)).unwrap(), "0.01");
        assert_eq!(serde_json::to_string(&part(1)).unwrap(), "0.0001");
    }
}
