//! What the keyring asks of a key management service, and the three that answer.

mod aws;
mod guard;
mod local;
mod vault;

use std::fmt::{self, Debug};

use async_trait::async_trait;
use kernel::Entropy;
use time::OffsetDateTime;
use zeroize::Zeroizing;

pub use aws::AwsKms;
pub(crate) use guard::Guard;
pub use local::LocalKeys;
pub use vault::VaultTransit;

use crate::{KeyContext, KeyOwner, KeyReference, KeyringError, ProviderKind};

/// Every data key is a key of AES-256.
pub(crate) const DATA_KEY_BYTES: usize = 32;

/// A data key in the clear: unprintable, zeroised when dropped, on the heap so that moving it leaves no copy behind.
pub struct DataKeyMaterial(Box<Zeroizing<[u8; DATA_KEY_BYTES]>>);

impl DataKeyMaterial {
    /// A data key from a provider's reply, or `Tampered` where the length is wrong.
    pub fn try_from_bytes(bytes: &[u8]) -> Result<Self, KeyringError> {
        if bytes.len() != DATA_KEY_BYTES {
            return Err(KeyringError::Tampered);
        }
        Ok(Self::filled_by(|target| target.copy_from_slice(bytes)))
    }

    pub(crate) fn generate(entropy: &dyn Entropy) -> Self {
        Self::filled_by(|target| entropy.fill(target))
    }

    pub(crate) fn duplicate(&self) -> Self {
        Self::filled_by(|target| target.copy_from_slice(self.as_slice()))
    }

    /// The key's bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn filled_by(fill: impl FnOnce(&mut [u8])) -> Self {
        let mut material = Box::new(Zeroizing::new([0_u8; DATA_KEY_BYTES]));
        fill(material.as_mut_slice());
        Self(material)
    }
}

impl fmt::Debug for DataKeyMaterial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKeyMaterial")
    }
}

/// What a KMS key can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Everything.
    Enabled,
    /// Nothing until it is enabled again.
    Disabled,
    /// Nothing; destroyed when the time comes, unless that is cancelled.
    PendingDestruction {
        /// When, if the provider says.
        due_at: Option<OffsetDateTime>,
    },
    /// Nothing, ever again.
    Destroyed,
}

impl KeyState {
    /// `enabled`, `disabled`, `pending_destruction` or `destroyed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::PendingDestruction { .. } => "pending_destruction",
            Self::Destroyed => "destroyed",
        }
    }

    /// Nothing where the key can be used, otherwise why not.
    pub(crate) const fn require_enabled(self, provider: ProviderKind) -> Result<(), KeyringError> {
        match self {
            Self::Enabled => Ok(()),
            Self::Disabled => Err(KeyringError::Disabled { provider }),
            Self::PendingDestruction { .. } => Err(KeyringError::PendingDestruction { provider }),
            Self::Destroyed => Err(KeyringError::Destroyed { provider }),
        }
    }
}

/// A key management service. Implementations make one attempt per call; time limits, repeats and
/// the breaker are the keyring's.
#[async_trait]
pub trait KeyProvider: Debug + Send + Sync {
    /// Which one it is.
    fn kind(&self) -> ProviderKind;

    /// The KMS key of an environment, created unless it is there: may be broken off and repeated.
    async fn create_key(&self, owner: &KeyOwner) -> Result<KeyReference, KeyringError>;

    /// A new data key, wrapped; nobody has seen it in the clear.
    async fn generate_data_key(&self, key: &KeyReference, context: &KeyContext) -> Result<Vec<u8>, KeyringError>;

    /// Wraps a data key that comes from another KMS key.
    async fn wrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        material: &DataKeyMaterial,
    ) -> Result<Vec<u8>, KeyringError>;

    /// The data key in the clear, if key and context are those it was wrapped with.
    async fn unwrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<DataKeyMaterial, KeyringError>;

    /// Wraps under the newest version of `to` what is wrapped under `from`; both are this provider's.
    async fn rewrap(
        &self,
        from: &KeyReference,
        to: &KeyReference,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, KeyringError> {
        let material = self.unwrap(from, context, wrapped).await?;
        self.wrap(to, context, &material).await
    }

    /// Makes a new version of the KMS key. What older versions wrapped still unwraps.
    async fn rotate(&self, key: &KeyReference) -> Result<(), KeyringError>;

    /// Switches the key off until [`enable`](Self::enable).
    async fn disable(&self, key: &KeyReference) -> Result<(), KeyringError>;

    /// Switches the key on again.
    async fn enable(&self, key: &KeyReference) -> Result<(), KeyringError>;

    /// Switches the key off now and destroys it after some days.
    async fn schedule_destruction(&self, key: &KeyReference, days: u16) -> Result<(), KeyringError>;

    /// Takes a scheduled destruction back; the key stays disabled.
    async fn cancel_destruction(&self, key: &KeyReference) -> Result<(), KeyringError>;

    /// Destroys the key now. Doing it again is no error where the provider remembers.
    async fn destroy(&self, key: &KeyReference) -> Result<(), KeyringError>;

    /// What the key can do now.
    async fn state(&self, key: &KeyReference) -> Result<KeyState, KeyringError>;
}
