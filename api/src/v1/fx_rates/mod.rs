//! `/v1/fx_rates`: what was published about exchange rates.

pub mod create;
mod file;
pub mod list;
mod object;

pub use object::{FxRate, FxRateImport, FxRateRejectedLine};
