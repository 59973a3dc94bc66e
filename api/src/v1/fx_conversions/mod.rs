//! `/v1/fx_conversions`: money of one currency that became money of another.

pub mod create;
pub mod list;
mod object;
pub mod retrieve;

pub use object::FxConversion;
