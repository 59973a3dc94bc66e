//! Conversion between currencies: published rates, quotes that lock them, and conversions in two legs.
//!
//! `rounding` and `market` decide on numbers in hand; [`ecb`] reads a file; the other folders are the resources.
//! Why money is rounded and booked as it is: `docs/adr/0009-fx.md`.

pub mod conversion;
pub mod ecb;
mod exchange_rate;
mod market;
pub mod quote;
pub mod rate;
mod refusal;
mod rounding;
pub mod settings;

pub use exchange_rate::{ExchangeRate, ExchangeRateError};
pub use refusal::Refusal;
