//! A tenant's live or test side, as the router knows it.

use std::{fmt, str::FromStr};

use kernel::{EnvironmentId, Mode, Slug, TenantId};
use keyring::{KeyReference, KeyState};
use thiserror::Error;

/// Length of the encoded tenant id inside a schema name.
const ENCODED_ID_LENGTH: usize = 26;

/// The name of an environment's schema and role: `t_<26 characters>_live` or `…_test`.
///
/// The strict form is what makes it safe inside SQL text; it is never customer text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchemaName(String);

/// The text is no schema name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not an environment's schema name")]
pub struct SchemaNameError;

impl SchemaName {
    /// The name of a tenant's schema for a mode.
    pub fn new(tenant: TenantId, mode: Mode) -> Self {
        Self(format!("t_{}_{mode}", tenant.encoded()))
    }

    /// The bare name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in double quotes, for SQL text.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl FromStr for SchemaName {
    type Err = SchemaNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let encoded = text
            .strip_prefix("t_")
            .and_then(|rest| rest.strip_suffix("_live").or_else(|| rest.strip_suffix("_test")))
            .ok_or(SchemaNameError)?;
        let well_formed = encoded.len() == ENCODED_ID_LENGTH
            && encoded.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if well_formed { Ok(Self(text.to_owned())) } else { Err(SchemaNameError) }
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An active environment: where its rows are and which key seals them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Identifier; part of every cache key, log line and sealed field.
    pub id: EnvironmentId,
    /// Whose environment it is.
    pub tenant: TenantId,
    /// The tenant's short name.
    pub slug: Slug,
    /// Live or test.
    pub mode: Mode,
    /// The part of its API keys that finds it: 12 characters.
    pub locator: String,
    /// Schema and role.
    pub schema: SchemaName,
    /// Its KMS key.
    pub key: KeyReference,
    /// What the control plane last recorded of that key.
    pub key_state: KeyState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_name_has_one_strict_form() {
        let good = format!("t_{}_live", "0".repeat(26));
        assert_eq!(good.parse::<SchemaName>().unwrap().quoted(), format!("\"{good}\""));
        for bad in [
            "public",
            "t_x_live",
            "pg_temp",
            &format!("t_{}_prod", "0".repeat(26)),
            &format!("t_{}\"_live", "0".repeat(25)),
        ] {
            assert!(bad.parse::<SchemaName>().is_err(), "{bad}");
        }
    }
}
