//! Configuration section `identity`.

use serde::Deserialize;
use thiserror::Error;
use time::Duration;

use crate::directory::DirectoryConfig;

/// How long what identity rests on is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// How long an issuer's keys are used without asking it again.
    pub jwks_ttl_seconds: u64,
    /// Shortest time between two requests to an issuer for keys it has not published so far.
    pub jwks_refetch_interval_seconds: u64,
    /// How far the clocks of an issuer and this machine may differ.
    pub token_leeway_seconds: u64,
    /// How long the directory of tenants is used without reading it again.
    pub directory_ttl_seconds: u64,
    /// Whether issuers on this machine may be reached without TLS. For development and tests.
    pub allow_http_issuers: bool,
}

/// A setting is out of its range.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("identity.{key} must be between {min} and {max} seconds")]
pub struct IdentityConfigError {
    /// Which.
    pub key: &'static str,
    /// Smallest value.
    pub min: u64,
    /// Largest value.
    pub max: u64,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            jwks_ttl_seconds: 300,
            jwks_refetch_interval_seconds: 30,
            token_leeway_seconds: 60,
            directory_ttl_seconds: 1,
            allow_http_issuers: false,
        }
    }
}

impl IdentityConfig {
    /// Checks the ranges and names the key that is wrong.
    pub fn validate(&self) -> Result<(), IdentityConfigError> {
        let within = |key, value, min, max| {
            if (min..=max).contains(&value) { Ok(()) } else { Err(IdentityConfigError { key, min, max }) }
        };
        within("jwks_ttl_seconds", self.jwks_ttl_seconds, 1, 86_400)?;
        within("jwks_refetch_interval_seconds", self.jwks_refetch_interval_seconds, 1, 3_600)?;
        within("token_leeway_seconds", self.token_leeway_seconds, 0, 300)?;
        // A suspension acts within this time; the promise made to staff is one second, the default.
        within("directory_ttl_seconds", self.directory_ttl_seconds, 1, 60)
    }

    pub(crate) fn jwks_ttl(&self) -> Duration {
        seconds(self.jwks_ttl_seconds)
    }

    pub(crate) fn jwks_refetch_interval(&self) -> Duration {
        seconds(self.jwks_refetch_interval_seconds)
    }

    pub(crate) fn token_leeway(&self) -> Duration {
        seconds(self.token_leeway_seconds)
    }
}

impl From<&IdentityConfig> for DirectoryConfig {
    fn from(config: &IdentityConfig) -> Self {
        Self::new(seconds(config.directory_ttl_seconds))
    }
}

fn seconds(count: u64) -> Duration {
    Duration::seconds(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named() {
        assert_eq!(IdentityConfig::default().validate(), Ok(()));
        let wrong = IdentityConfig { jwks_ttl_seconds: 0, ..IdentityConfig::default() };
        assert_eq!(
            wrong.validate().unwrap_err().to_string(),
            "identity.jwks_ttl_seconds must be between 1 and 86400 seconds"
        );
    }
}
