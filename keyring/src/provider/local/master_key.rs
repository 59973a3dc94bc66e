//! A master key with all its versions, and how it wraps data keys.
//!
//! File: `TSRKEY1\n`, then 32 bytes per version, the oldest first. Wrapped data key:
//! `1 | master version (4) | nonce (12) | ciphertext (32) | tag (16)`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use kernel::Entropy;
use zeroize::Zeroizing;

use crate::{
    KeyContext, KeyringError,
    provider::{DATA_KEY_BYTES, DataKeyMaterial},
    sealed::{NONCE_BYTES, TAG_BYTES, push_text},
};

const MAGIC: &[u8; 8] = b"TSRKEY1\n";
const WRAPPED_LAYOUT: u8 = 1;
const WRAPPED_BYTES: usize = 1 + 4 + NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES;
/// Versions of one master key at most.
const VERSIONS_MAX: usize = 1_000;

/// The content of a master key file.
pub(super) struct MasterKey {
    content: Zeroizing<Vec<u8>>,
}

impl MasterKey {
    /// A key with one version.
    pub(super) fn generate(entropy: &dyn Entropy) -> Self {
        let mut content = Zeroizing::new(Vec::with_capacity(MAGIC.len() + DATA_KEY_BYTES));
        content.extend_from_slice(MAGIC);
        let mut key = Self { content };
        key.append(entropy);
        key
    }

    /// A key from its file; `None` where the file is damaged.
    pub(super) fn parse(content: Zeroizing<Vec<u8>>) -> Option<Self> {
        let versions = content.strip_prefix(MAGIC)?;
        (!versions.is_empty() && versions.len() % DATA_KEY_BYTES == 0).then_some(Self { content })
    }

    /// The content of its file.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.content
    }

    /// The same with one version more, or `None` when there are too many.
    pub(super) fn rotated(&self, entropy: &dyn Entropy) -> Option<Self> {
        if self.versions().count() >= VERSIONS_MAX {
            return None;
        }
        // Copied into a buffer of the final size, so that nothing is moved and left behind.
        let mut content = Zeroizing::new(Vec::with_capacity(self.content.len() + DATA_KEY_BYTES));
        content.extend_from_slice(&self.content);
        let mut key = Self { content };
        key.append(entropy);
        Some(key)
    }

    /// Wraps under the newest version.
    pub(super) fn wrap(
        &self,
        name: &str,
        context: &KeyContext,
        material: &DataKeyMaterial,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, KeyringError> {
        let version = u32::try_from(self.versions().count()).map_err(|_| KeyringError::Malformed)?;
        let cipher = self.cipher(version)?;
        let mut nonce = [0_u8; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let mut body = Zeroizing::new(material.as_slice().to_vec());
        let tag = cipher
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated_data(name, version, context)),
                &mut body,
            )
            .map_err(|_| KeyringError::Plaintext)?;
        let mut wrapped = Vec::with_capacity(WRAPPED_BYTES);
        wrapped.push(WRAPPED_LAYOUT);
        wrapped.extend_from_slice(&version.to_be_bytes());
        wrapped.extend_from_slice(&nonce);
        wrapped.extend_from_slice(&body);
        wrapped.extend_from_slice(tag.as_ref());
        Ok(wrapped)
    }

    /// Unwraps under the version it was wrapped with.
    pub(super) fn unwrap(
        &self,
        name: &str,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<DataKeyMaterial, KeyringError> {
        let (layout, rest) = wrapped.split_first().ok_or(KeyringError::Malformed)?;
        let (version, rest) = rest.split_first_chunk::<4>().ok_or(KeyringError::Malformed)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(KeyringError::Malformed)?;
        if *layout != WRAPPED_LAYOUT || wrapped.len() != WRAPPED_BYTES {
            return Err(KeyringError::Malformed);
        }
        let version = u32::from_be_bytes(*version);
        let cipher = self.cipher(version)?;
        let mut body = Zeroizing::new(body.to_vec());
        let plaintext = cipher
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(associated_data(name, version, context)),
                &mut body,
            )
            .map_err(|_| KeyringError::Tampered)?;
        DataKeyMaterial::try_from_bytes(plaintext)
    }

    fn versions(&self) -> impl Iterator<Item = &[u8]> {
        self.content.strip_prefix(MAGIC).unwrap_or_default().chunks_exact(DATA_KEY_BYTES)
    }

    /// Versions count from 1; one that is not there is an error, never another version.
    fn cipher(&self, version: u32) -> Result<LessSafeKey, KeyringError> {
        let bytes = usize::try_from(version)
            .ok()
            .and_then(|version| version.checked_sub(1))
            .and_then(|index| self.versions().nth(index))
            .ok_or(KeyringError::Tampered)?;
        UnboundKey::new(&AES_256_GCM, bytes).map(LessSafeKey::new).map_err(|_| KeyringError::Malformed)
    }

    fn append(&mut self, entropy: &dyn Entropy) {
        let mut version = Zeroizing::new([0_u8; DATA_KEY_BYTES]);
        entropy.fill(version.as_mut_slice());
        self.content.extend_from_slice(version.as_slice());
    }
}

fn associated_data(name: &str, version: u32, context: &KeyContext) -> Vec<u8> {
    let mut data = vec![WRAPPED_LAYOUT];
    data.extend_from_slice(&version.to_be_bytes());
    data.extend_from_slice(&context.encode());
    push_text(&mut data, name);
    data
}
