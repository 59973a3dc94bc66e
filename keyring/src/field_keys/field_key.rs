//! One data key for fields: AES-256-GCM with its key schedule prepared once.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use kernel::DataKeyId;
use zeroize::Zeroizing;

use crate::{
    DataKeyMaterial, KeyringError,
    sealed::{HEADER_BYTES, NONCE_BYTES, TAG_BYTES, VERSION},
};

/// An unwrapped data key. The cipher's own memory is cleansed by the library when it is freed.
pub(crate) struct FieldKey {
    id: DataKeyId,
    cipher: LessSafeKey,
    /// Shared by every unwrapping of this data key in the process: the bound is the key's, not the cache entry's.
    messages: Arc<AtomicU64>,
    messages_max: u64,
}

impl FieldKey {
    pub(crate) fn try_new(
        id: DataKeyId,
        material: &DataKeyMaterial,
        messages: Arc<AtomicU64>,
        messages_max: u64,
    ) -> Result<Self, KeyringError> {
        let key = UnboundKey::new(&AES_256_GCM, material.as_slice()).map_err(|_| KeyringError::Malformed)?;
        Ok(Self { id, cipher: LessSafeKey::new(key), messages, messages_max })
    }

    pub(crate) const fn id(&self) -> DataKeyId {
        self.id
    }

    pub(crate) fn is_half_used(&self) -> bool {
        self.messages.load(Ordering::Relaxed) >= self.messages_max / 2
    }

    /// The whole sealed value: header, ciphertext and tag.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated_data: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, KeyringError> {
        if self.messages.fetch_add(1, Ordering::Relaxed) >= self.messages_max {
            // Give the count back, or a retry loop would wrap it in the end.
            self.messages.fetch_sub(1, Ordering::Relaxed);
            return Err(KeyringError::ExhaustedKey { data_key: self.id });
        }
        let mut bytes = Vec::with_capacity(HEADER_BYTES + plaintext.len() + TAG_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(self.id.as_uuid().as_bytes());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(plaintext);
        let (_, body) = bytes.split_at_mut(HEADER_BYTES);
        let tag = self
            .cipher
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated_data), body)
            .map_err(|_| KeyringError::Plaintext)?;
        bytes.extend_from_slice(tag.as_ref());
        Ok(bytes)
    }

    /// The plaintext, or `Tampered`.
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated_data: &[u8],
        ciphertext_and_tag: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let mut buffer = Zeroizing::new(ciphertext_and_tag.to_vec());
        let length = self
            .cipher
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(associated_data), &mut buffer)
            .map_err(|_| KeyringError::Tampered)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}
