//! Whose key, and what for: the words every wrapped data key is bound to.

use std::{fmt, str::FromStr};

use kernel::{DataKeyId, EnvironmentId, TenantId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;

use crate::KeyReference;

/// Names this encoding of a context; another encoding would need another name.
const CONTEXT_LABEL: &[u8; 16] = b"tessera.context1";

/// What a data key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Sealing the fields of rows.
    Fields,
    /// Blind indexes for looking sealed fields up.
    Index,
}

/// The text names no purpose.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("a purpose is `fields` or `index`")]
pub struct PurposeError;

impl Purpose {
    /// Every environment has a data key of each.
    pub const ALL: [Self; 2] = [Self::Fields, Self::Index];

    /// `fields` or `index`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fields => "fields",
            Self::Index => "index",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Fields => 1,
            Self::Index => 2,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Purpose {
    type Err = PurposeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(PurposeError)
    }
}

/// For whom a KMS key is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyOwner {
    /// The merchant.
    pub tenant: TenantId,
    /// Its live or test side.
    pub environment: EnvironmentId,
}

/// An environment together with the KMS key it uses now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentKey {
    /// The merchant.
    pub tenant: TenantId,
    /// Its live or test side.
    pub environment: EnvironmentId,
    /// The KMS key new data keys are wrapped under.
    pub reference: KeyReference,
}

impl EnvironmentKey {
    /// What a data key of this environment is bound to.
    pub const fn context(&self, purpose: Purpose, data_key: DataKeyId) -> KeyContext {
        KeyContext { tenant: self.tenant, environment: self.environment, purpose, data_key }
    }
}

/// What a wrapped data key is bound to: the provider unwraps it only when all four are given again.
///
/// The id of the data key is the "key version" of the context, so two data keys of one
/// environment cannot stand in for each other either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyContext {
    /// The merchant.
    pub tenant: TenantId,
    /// Its live or test side.
    pub environment: EnvironmentId,
    /// What the data key may be used for.
    pub purpose: Purpose,
    /// Which data key it is.
    pub data_key: DataKeyId,
}

impl KeyContext {
    /// The pairs of an AWS encryption context. They show up in audit logs in clear text, so they
    /// are opaque ids and nothing else.
    pub fn pairs(&self) -> [(&'static str, String); 4] {
        [
            ("tenant", self.tenant.to_string()),
            ("environment", self.environment.to_string()),
            ("purpose", self.purpose.as_str().to_owned()),
            ("key_version", self.data_key.to_string()),
        ]
    }

    /// One byte string per context: every part has a fixed length, so no two contexts share one.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoded = Vec::with_capacity(CONTEXT_LABEL.len() + 49);
        encoded.extend_from_slice(CONTEXT_LABEL);
        encoded.extend_from_slice(self.tenant.as_uuid().as_bytes());
        encoded.extend_from_slice(self.environment.as_uuid().as_bytes());
        encoded.push(self.purpose.code());
        encoded.extend_from_slice(self.data_key.as_uuid().as_bytes());
        encoded
    }
}

/// A data key as the tenant's schema stores it.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedDataKey {
    /// Names it inside every value sealed under it.
    pub id: DataKeyId,
    /// What it may be used for.
    pub purpose: Purpose,
    /// The key itself, encrypted by `key`.
    pub wrapped: Vec<u8>,
    /// The KMS key that unwraps it; not the environment's present one until it is re-wrapped.
    pub key: KeyReference,
    /// The newest that is not retired seals.
    pub created_at: OffsetDateTime,
    /// From then on it only opens.
    pub retired_at: Option<OffsetDateTime>,
}

impl fmt::Debug for WrappedDataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WrappedDataKey")
            .field("id", &self.id)
            .field("purpose", &self.purpose)
            .field("key", &self.key)
            .field("retired", &self.retired_at.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_part_of_a_context_changes_its_encoding_and_its_pairs() {
        let (mut encodings, mut pairs) = (HashSet::new(), HashSet::new());
        for bits in 0_u128..16 {
            let id = |bit: u32| Uuid::from_u128(1 + (bits >> bit) % 2);
            let context = KeyContext {
                tenant: TenantId::from_uuid(id(0)),
                environment: EnvironmentId::from_uuid(id(1)),
                purpose: if bits < 8 { Purpose::Fields } else { Purpose::Index },
                data_key: DataKeyId::from_uuid(id(2)),
            };
            encodings.insert(context.encode());
            pairs.insert(context.pairs());
        }
        assert_eq!((encodings.len(), pairs.len()), (16, 16));
    }
}
