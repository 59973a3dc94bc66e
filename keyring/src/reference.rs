//! Names of KMS keys: which provider holds one, and what that provider calls it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest reference any provider accepts.
const REFERENCE_BYTES_MAX: usize = 512;

/// Who holds a KMS key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// AWS KMS, or anything that speaks its protocol.
    Aws,
    /// The Transit engine of HashiCorp Vault or OpenBao.
    Vault,
    /// Master key files in a directory of this machine.
    Local,
}

impl ProviderKind {
    /// Every provider there is.
    pub const ALL: [Self; 3] = [Self::Aws, Self::Vault, Self::Local];

    /// `aws`, `vault` or `local`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Vault => "vault",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a text names no KMS key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyReferenceError {
    /// The text in front of the colon is not a provider.
    #[error("a key reference starts with `aws:`, `vault:` or `local:`")]
    UnknownProvider,
    /// AWS keys are named by the ARN of the key itself: an alias can be pointed elsewhere.
    #[error("an aws key is named by its ARN, like `arn:aws:kms:eu-central-1:111122223333:key/…`")]
    NotAKeyArn,
    /// Transit keys have plain names.
    #[error("a vault key is named by lower-case letters, digits, `-` and `_`")]
    NotATransitName,
    /// The name becomes a file name.
    #[error("a local key is named by lower-case letters, digits and `_`")]
    NotALocalName,
}

impl FromStr for ProviderKind {
    type Err = KeyReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(KeyReferenceError::UnknownProvider)
    }
}

/// A KMS key: stored as the two text columns [`provider`](Self::provider) and
/// [`reference`](Self::reference), shown as `provider:reference`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyReference {
    provider: ProviderKind,
    reference: String,
}

impl KeyReference {
    /// A reference in the form its provider uses; anything else is refused here, before it could
    /// reach a path, a URL or a request.
    pub fn try_new(provider: ProviderKind, reference: &str) -> Result<Self, KeyReferenceError> {
        let fits = (1..=REFERENCE_BYTES_MAX).contains(&reference.len());
        match provider {
            ProviderKind::Aws if !(fits && is_key_arn(reference)) => Err(KeyReferenceError::NotAKeyArn),
            ProviderKind::Vault if !(fits && reference.bytes().all(|byte| is_word(byte) || byte == b'-')) => {
                Err(KeyReferenceError::NotATransitName)
            }
            ProviderKind::Local if !(fits && reference.bytes().all(is_word)) => Err(KeyReferenceError::NotALocalName),
            _ => Ok(Self { provider, reference: reference.to_owned() }),
        }
    }

    /// Who holds the key.
    pub const fn provider(&self) -> ProviderKind {
        self.provider
    }

    /// What the provider calls it.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

/// `arn:<partition>:kms:<region>:<account>:key/<id>`.
fn is_key_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let [arn, partition, service, region, account, resource] = parts.as_slice() else {
        return false;
    };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    *arn == "arn"
        && *service == "kms"
        && [partition, region, account].into_iter().all(|part| plain(part))
        && resource.strip_prefix("key/").is_some_and(plain)
}

impl fmt::Display for KeyReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.provider, self.reference)
    }
}

impl fmt::Debug for KeyReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for KeyReference {
    type Err = KeyReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, reference) = text.split_once(':').ok_or(KeyReferenceError::UnknownProvider)?;
        Self::try_new(provider.parse()?, reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_survive_the_trip_through_their_text() {
        for text in [
            "aws:arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "aws:arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            "vault:tessera-01jzq3",
            "local:env_01jzq3",
        ] {
            assert_eq!(text.parse::<KeyReference>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_could_leave_its_place_is_refused() {
        for text in [
            "",
            "local",
            "gcp:key",
            "local:",
            "local:../other",
            "local:a/b",
            "local:a.b",
            "local:A",
            "vault:a/../b",
            "vault:a?x=1",
            "vault:a b",
            "aws:alias/payments",
            "aws:1234abcd",
            "aws:arn:aws:kms:eu-central-1:111122223333:alias/payments",
            "aws:arn:aws:s3:eu-central-1:111122223333:key/x",
            "aws:arn:aws:kms:eu-central-1:111122223333:key/x y",
            "aws:arn:aws:kms:eu-central-1:111122223333:key/",
        ] {
            assert!(text.parse::<KeyReference>().is_err(), "{text}");
        }
        assert!(KeyReference::try_new(ProviderKind::Local, &"a".repeat(513)).is_err());
    }
}
