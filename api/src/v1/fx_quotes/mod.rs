//! `/v1/fx_quotes`: exchange rates promised until a moment, in the shape of Stripe's preview API.

pub mod create;
pub mod list;
mod object;
pub mod retrieve;

pub use object::{FxQuote, FxQuoteRate, FxQuoteRateDetails};
