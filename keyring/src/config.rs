//! Settings of the keyring: section `keyring` of the configuration.

use std::path::PathBuf;

use serde::Deserialize;
use time::Duration;
use url::{Host, Url};

use crate::KeyringError;

/// What the operator may set. A provider is there when its first setting is.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyringConfig {
    /// `local`: the directory of the master key files.
    pub local_directory: Option<PathBuf>,
    /// `aws`: the region of the keys.
    pub aws_region: Option<String>,
    /// `aws`: another endpoint than the region's own.
    pub aws_endpoint_url: Option<String>,
    /// `vault`: where Vault or OpenBao listens.
    pub vault_address: Option<String>,
    /// `vault`: the file that holds the token; read again for every call, so an agent may renew it.
    pub vault_token_file: Option<PathBuf>,
    /// `vault`: where the Transit engine is mounted.
    pub vault_mount: String,
    /// How long an unwrapped data key may stay in memory.
    pub data_key_ttl_seconds: u64,
    /// How often an unwrapped data key may be handed out for sealing before it is fetched again.
    pub data_key_uses_max: u64,
}

impl Default for KeyringConfig {
    fn default() -> Self {
        Self {
            local_directory: None,
            aws_region: None,
            aws_endpoint_url: None,
            vault_address: None,
            vault_token_file: None,
            vault_mount: "transit".to_owned(),
            data_key_ttl_seconds: 300,
            data_key_uses_max: 100_000,
        }
    }
}

/// Longest time an operator may keep unwrapped data keys: a disabled key is forgotten by then at the latest.
const TTL_SECONDS_MAX: u64 = 3_600;

/// Bounds of what a keyring keeps and does.
#[derive(Clone, Debug)]
pub struct KeyringLimits {
    /// How long an unwrapped data key may stay in memory.
    pub ttl: Duration,
    /// Hand-outs for sealing before a data key is fetched again.
    pub uses_max: u64,
    /// Unwrapped data keys in memory at most.
    pub entries_max: usize,
    /// Values one data key may seal in this process. NIST SP 800-38D allows 2³² under random
    /// nonces over all processes and their restarts; a sixteenth of it each leaves room for both.
    pub messages_max: u64,
    /// How long one attempt to reach a key service may take.
    pub attempt_time_max: std::time::Duration,
}

impl Default for KeyringLimits {
    fn default() -> Self {
        Self {
            ttl: Duration::seconds(300),
            uses_max: 100_000,
            entries_max: 10_000,
            messages_max: 1 << 28,
            attempt_time_max: std::time::Duration::from_secs(3),
        }
    }
}

impl KeyringConfig {
    /// The limits, or which setting is out of range.
    pub fn limits(&self) -> Result<KeyringLimits, KeyringError> {
        let wrong = |key, reason: &'static str| KeyringError::Configuration { key, reason: reason.into() };
        let seconds = i64::try_from(self.data_key_ttl_seconds)
            .ok()
            .filter(|_| (1..=TTL_SECONDS_MAX).contains(&self.data_key_ttl_seconds))
            .ok_or_else(|| wrong("data_key_ttl_seconds", "must be from 1 to 3600"))?;
        if self.data_key_uses_max == 0 {
            return Err(wrong("data_key_uses_max", "must be at least 1"));
        }
        Ok(KeyringLimits {
            ttl: Duration::seconds(seconds),
            uses_max: self.data_key_uses_max,
            ..KeyringLimits::default()
        })
    }
}

/// An address that may carry keys: `https`, or `http` that does not leave this machine.
pub(crate) fn confidential_url(key: &'static str, text: &str) -> Result<Url, KeyringError> {
    let wrong = |reason: &'static str| KeyringError::Configuration { key, reason: reason.into() };
    let url = Url::parse(text).map_err(|_| wrong("is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not carry credentials"));
    }
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        "http" => Err(wrong("must be https: data keys travel over it (http is for loopback only)")),
        _ => Err(wrong("must be an https URL")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_travel_encrypted_or_not_at_all() {
        for accepted in ["https://kms.example.com", "http://127.0.0.1:5000", "http://localhost:1", "http://[::1]:8200"]
        {
            assert!(confidential_url("vault_address", accepted).is_ok(), "{accepted}");
        }
        for refused in
            ["http://kms.example.com", "http://10.0.0.1", "ftp://127.0.0.1", "kms", "https://a:b@kms.example.com"]
        {
            assert!(confidential_url("vault_address", refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn limits_are_checked_and_unknown_settings_refused() {
        assert!(KeyringConfig::default().limits().is_ok());
        for seconds in [0, 3_601, u64::MAX] {
            let config = KeyringConfig { data_key_ttl_seconds: seconds, ..KeyringConfig::default() };
            assert!(matches!(config.limits(), Err(KeyringError::Configuration { key: "data_key_ttl_seconds", .. })));
        }
        let config = KeyringConfig { data_key_uses_max: 0, ..KeyringConfig::default() };
        assert!(config.limits().is_err());
        assert!(serde_json::from_str::<KeyringConfig>(r#"{"data_key_ttl": 1}"#).is_err());
    }
}
