//! `/v1/fx_settings`: what the merchant earns by conversion, and how old a rate may be.

mod object;
pub mod retrieve;
pub mod update;

pub use object::FxSettings;
