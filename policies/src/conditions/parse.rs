//! Reading the form field by field, so that an error names the field.

use kernel::{Amount, Currency};
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::{Conditions, Hours};
use crate::country::Country;

/// Longest list of currencies or countries.
pub const CODES_MAX: usize = 32;

/// A field of the form that cannot be taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}: {message}", param.unwrap_or("conditions"))]
pub struct ConditionError {
    /// Which field; `None` for the form as a whole.
    pub param: Option<&'static str>,
    /// What is wrong with it.
    pub message: String,
}

impl ConditionError {
    fn form(message: impl Into<String>) -> Self {
        Self { param: None, message: message.into() }
    }

    fn field(param: &'static str, message: impl Into<String>) -> Self {
        Self { param: Some(param), message: message.into() }
    }
}

impl Conditions {
    /// Checks a filled-in form: known fields, each within its bounds.
    pub fn parse(form: &Value) -> Result<Self, ConditionError> {
        let fields = form.as_object().ok_or_else(|| ConditionError::form("must be an object"))?;
        let mut conditions = Self::none();
        for (name, value) in fields {
            match name.as_str() {
                "amount_max" => conditions.amount_max = Some(value_of::<Amount>("amount_max", value)?),
                "currency" => conditions.currency = Some(codes_of::<Currency>("currency", value)?),
                "own" => conditions.own = required("own", value)?,
                "hours" => conditions.hours = Some(value_of::<Hours>("hours", value)?),
                "country" => conditions.country = Some(codes_of::<Country>("country", value)?),
                "mfa" => conditions.mfa = required("mfa", value)?,
                // The unknown name stays out of the message: it is the caller's text.
                _ => {
                    return Err(ConditionError::form(
                        "has an unknown field; known are amount_max, currency, own, hours, country, mfa",
                    ));
                }
            }
        }
        Ok(conditions)
    }
}

fn value_of<T: DeserializeOwned>(param: &'static str, value: &Value) -> Result<T, ConditionError> {
    T::deserialize(value).map_err(|error| ConditionError::field(param, error.to_string()))
}

/// `false` would read as "only without", which no condition means.
fn required(param: &'static str, value: &Value) -> Result<bool, ConditionError> {
    match value {
        Value::Bool(true) => Ok(true),
        _ => Err(ConditionError::field(param, "may only be `true`; leave the field out otherwise")),
    }
}

fn codes_of<T: DeserializeOwned + PartialEq>(param: &'static str, value: &Value) -> Result<Vec<T>, ConditionError> {
    let items = value.as_array().ok_or_else(|| ConditionError::field(param, "must be a list"))?;
    if items.is_empty() || items.len() > CODES_MAX {
        return Err(ConditionError::field(param, format!("must have 1 to {CODES_MAX} items")));
    }
    let mut codes = Vec::with_capacity(items.len());
    for item in items {
        let code = value_of::<T>(param, item)?;
        if codes.contains(&code) {
            return Err(ConditionError::field(param, "names a code twice"));
        }
        codes.push(code);
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bad_field_is_refused_by_name() {
        let many = vec!["eur"; CODES_MAX + 1];
        let cases = [
            (json!({"amount_max": 0}), Some("amount_max")),
            (json!({"amount_max": -5}), Some("amount_max")),
            (json!({"amount_max": 9_007_199_254_740_992_i64}), Some("amount_max")),
            (json!({"amount_max": 1.5}), Some("amount_max")),
            (json!({"amount_max": "1"}), Some("amount_max")),
            (json!({"amount_max": null}), Some("amount_max")),
            (json!({"currency": []}), Some("currency")),
            (json!({"currency": "eur"}), Some("currency")),
            (json!({"currency": ["EUR"]}), Some("currency")),
            (json!({"currency": ["eur", "eur"]}), Some("currency")),
            (json!({"currency": many}), Some("currency")),
            (json!({"currency": ["eur\" || true || \""]}), Some("currency")),
            (json!({"country": ["zz"]}), Some("country")),
            (json!({"own": false}), Some("own")),
            (json!({"mfa": 1}), Some("mfa")),
            (json!({"hours": {"from": 8}}), Some("hours")),
            (json!({"hours": {"from": 8, "to": 25}}), Some("hours")),
            (json!({"hours": {"from": 8, "to": 9, "zone": "cet"}}), Some("hours")),
            (json!({"max_amount": 5}), None),
            (json!([]), None),
            (json!(null), None),
        ];
        for (form, param) in cases {
            assert_eq!(Conditions::parse(&form).unwrap_err().param, param, "{form}");
        }
    }
}
