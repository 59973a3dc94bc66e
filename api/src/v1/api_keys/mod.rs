//! `/v1/api_keys`: the environment's secret keys.

pub mod create;
pub mod delete;
pub mod list;
mod object;

pub use object::{ApiKey, CreatedApiKey};
