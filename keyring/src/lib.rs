//! Envelope encryption: every environment's fields are sealed under data keys that only its own
//! KMS key can unwrap.
//!
//! A [`Keyring`] unwraps data keys through a [`KeyProvider`] and hands them out as [`FieldKeys`],
//! which seal and open the [`Sealed`] columns of rows and compute their [`BlindIndex`]. It is told
//! whose key to use and never decides who may; it reads and writes no rows. Where a key cannot be
//! had the answer is a [`KeyringError`]: there is no fallback to plaintext or to another key.

mod cache;
mod config;
mod context;
mod counts;
mod error;
mod field_keys;
mod keyring;
mod provider;
mod reference;
mod sealed;

pub use config::{KeyringConfig, KeyringLimits};
pub use context::{EnvironmentKey, KeyContext, KeyOwner, Purpose, PurposeError, WrappedDataKey};
pub use error::{ErrorClass, KeyringError};
pub use field_keys::{BlindIndex, FieldKeys, IndexColumn};
pub use keyring::Keyring;
pub use provider::{AwsKms, DataKeyMaterial, KeyProvider, KeyState, LocalKeys, VaultTransit};
pub use reference::{KeyReference, KeyReferenceError, ProviderKind};
pub use sealed::{JsonPlaintext, Place, Plaintext, PlaintextError, Sealed};
