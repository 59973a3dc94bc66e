//! The keys of one environment, ready to seal and open: what a unit of work holds.

mod blind_index;
mod field_key;

use std::{fmt, sync::Arc};

use kernel::{DataKeyId, Entropy, EnvironmentId, TenantId};

pub(crate) use blind_index::IndexKey;
pub use blind_index::{BlindIndex, IndexColumn};

pub(crate) use field_key::FieldKey;

use crate::{
    KeyringError, Place, Plaintext, Purpose, Sealed,
    sealed::{NONCE_BYTES, associated_data},
};

/// A data key by id, or why it cannot be had. A retired key that fails must not stop the ones in use.
pub(crate) type Held<K> = (DataKeyId, Result<Arc<K>, KeyringError>);

/// Seals and opens the fields of one environment. A clone is a reference.
///
/// Hold it for a unit of work and no longer: whoever keeps one keeps the keys in memory past the
/// keyring's limits.
#[derive(Clone)]
pub struct FieldKeys {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) tenant: TenantId,
    pub(crate) environment: EnvironmentId,
    /// The newest field key that is not retired.
    pub(crate) sealing: Option<Arc<FieldKey>>,
    pub(crate) fields: Vec<Held<FieldKey>>,
    /// The newest index key that is not retired.
    pub(crate) indexing: Option<Arc<IndexKey>>,
    pub(crate) indexes: Vec<Held<IndexKey>>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl FieldKeys {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// Seals a value for one place, under the newest key.
    pub fn seal<T: Plaintext>(&self, value: &T, place: &Place) -> Result<Sealed<T>, KeyringError> {
        let key = self.shared.sealing.as_ref().ok_or(KeyringError::NoActiveKey { purpose: Purpose::Fields })?;
        let plaintext = value.to_plaintext().map_err(|_| KeyringError::Plaintext)?;
        let data = associated_data(self.shared.tenant, self.shared.environment, key.id(), place);
        let mut nonce = [0_u8; NONCE_BYTES];
        self.shared.entropy.fill(&mut nonce);
        key.seal(nonce, &data, &plaintext).map(Sealed::from_bytes)
    }

    /// Opens a value that was sealed for this place, under whichever of the keys it names.
    pub fn open<T: Plaintext>(&self, sealed: &Sealed<T>, place: &Place) -> Result<T, KeyringError> {
        let parts = sealed.parts().ok_or(KeyringError::Malformed)?;
        let (_, held) = self
            .shared
            .fields
            .iter()
            .find(|(id, _)| *id == parts.data_key)
            .ok_or(KeyringError::UnknownDataKey { data_key: parts.data_key })?;
        let key = held.as_ref().map_err(Clone::clone)?;
        let data = associated_data(self.shared.tenant, self.shared.environment, parts.data_key, place);
        let plaintext = key.open(parts.nonce, &data, parts.ciphertext_and_tag)?;
        T::from_plaintext(&plaintext).map_err(|_| KeyringError::Plaintext)
    }

    /// Whether a value should be sealed again: its key is not the newest.
    pub fn needs_reseal<T>(&self, sealed: &Sealed<T>) -> bool {
        let newest = self.shared.sealing.as_ref().map(|key| key.id());
        sealed.parts().map(|parts| parts.data_key) != newest
    }

    /// Whether the newest field key has used up half of its messages: time to rotate it.
    pub fn rotation_due(&self) -> bool {
        self.shared.sealing.as_ref().is_some_and(|key| key.is_half_used())
    }

    /// The index to store beside a sealed value. The keyring hashes exactly this text: trim and fold
    /// case before.
    pub fn index_for_write(&self, value: &str, column: &IndexColumn) -> Result<BlindIndex, KeyringError> {
        let key = self.shared.indexing.as_ref().ok_or(KeyringError::NoActiveKey { purpose: Purpose::Index })?;
        Ok(key.index(self.shared.environment, column, value))
    }

    /// Every index the value may be stored under, newest and retired: look for any of them.
    ///
    /// Fails when one of the keys cannot be had, because a lookup without it could miss a row.
    pub fn indexes_for_read(&self, value: &str, column: &IndexColumn) -> Result<Vec<BlindIndex>, KeyringError> {
        if self.shared.indexes.is_empty() {
            return Err(KeyringError::NoActiveKey { purpose: Purpose::Index });
        }
        self.shared
            .indexes
            .iter()
            .map(|(_, held)| {
                let key = held.as_ref().map_err(Clone::clone)?;
                Ok(key.index(self.shared.environment, column, value))
            })
            .collect()
    }
}

impl fmt::Debug for FieldKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FieldKeys").field("environment", &self.shared.environment).finish_non_exhaustive()
    }
}
