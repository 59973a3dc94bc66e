//! The payment API: one folder per resource, one file per operation.

pub mod api_keys;
pub mod audit_records;
pub mod customers;
pub mod deleted;
pub mod fx_conversions;
pub mod fx_quotes;
pub mod fx_rates;
pub mod fx_settings;
pub mod list;
pub mod members;
pub mod moment;
pub(crate) mod orders;
pub mod policy_decisions;
pub mod roles;
pub mod trial_balance;
pub mod wallet_holds;
pub mod wallet_transfers;
pub mod wallets;

use std::{collections::BTreeMap, str::FromStr};

use serde::Deserialize;
use utoipa::ToSchema;

use crate::ApiError;

/// A merchant's own key-value pairs.
pub type Metadata = BTreeMap<String, String>;

/// The body of a request that takes no parameters.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// An id as sent. One that is no id at all answers like one that does not exist.
pub(crate) fn id<T: FromStr>(text: &str, object: &str, param: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| ApiError::missing(object, param))
}

/// An id that may be absent.
pub(crate) fn optional_id<T: FromStr>(text: Option<&str>, object: &str, param: &str) -> Result<Option<T>, ApiError> {
    text.map(|text| id(text, object, param)).transpose()
}
