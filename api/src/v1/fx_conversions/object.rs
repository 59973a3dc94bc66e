//! The conversion as the API shows it.

use kernel::{Amount, Currency, CustomerId, FxConversionId, FxQuoteId, WalletId};
use payments::fx::conversion;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{call::Target, v1::Metadata};

/// Money of one currency that became money of another.
#[derive(Serialize, ToSchema)]
pub struct FxConversion {
    /// Identifier.
    #[schema(value_type = String)]
    id: FxConversionId,
    /// Always `fx_conversion`.
    object: &'static str,
    /// The quote it used up.
    #[schema(value_type = String)]
    quote: FxQuoteId,
    /// Whose money it was; null is the merchant's own.
    #[schema(value_type = Option<String>)]
    customer: Option<CustomerId>,
    /// From.
    #[schema(value_type = String)]
    source: WalletId,
    /// To.
    #[schema(value_type = String)]
    destination: WalletId,
    /// What left the source, in minor units.
    #[schema(value_type = i64)]
    amount: Amount,
    /// The source's currency. ISO 4217, lower case.
    #[schema(value_type = String)]
    currency: Currency,
    /// What reached the destination, in minor units.
    #[schema(value_type = i64)]
    destination_amount: Amount,
    /// The destination's currency. ISO 4217, lower case.
    #[schema(value_type = String)]
    destination_currency: Currency,
    /// What the merchant earned, in minor units of the destination's currency.
    spread_amount: i64,
    /// The rate that was applied, as exact decimal text.
    exchange_rate: String,
    /// The same without the spread.
    base_rate: String,
    /// The merchant's own key-value pairs.
    metadata: Metadata,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was made, in Unix seconds.
    created: i64,
}

impl Target for FxConversion {
    fn target(&self) -> String {
        self.id.to_string()
    }
}

impl From<conversion::FxConversion> for FxConversion {
    fn from(conversion: conversion::FxConversion) -> Self {
        Self {
            id: conversion.id,
            object: "fx_conversion",
            quote: conversion.quote,
            customer: conversion.customer,
            source: conversion.source,
            destination: conversion.destination,
            amount: conversion.amount,
            currency: conversion.currency,
            destination_amount: conversion.destination_amount,
            destination_currency: conversion.destination_currency,
            spread_amount: conversion.spread_minor,
            exchange_rate: conversion.exchange_rate.to_string(),
            base_rate: conversion.base_rate.to_string(),
            metadata: conversion.metadata,
            livemode: conversion.livemode,
            created: conversion.created.unix_timestamp(),
        }
    }
}
