//! Sealed fields: bytes that only the keys of one environment open, and only in one place.
//!
//! Layout: `version (1) | data key id (16) | nonce (12) | ciphertext | tag (16)`.

mod column;
mod place;
mod plaintext;

use std::{fmt, marker::PhantomData};

use kernel::DataKeyId;
use uuid::Uuid;

pub use place::Place;
pub(crate) use place::{associated_data, push_text};
pub use plaintext::{JsonPlaintext, Plaintext, PlaintextError};

/// The only layout there is.
pub(crate) const VERSION: u8 = 1;
pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;
pub(crate) const HEADER_BYTES: usize = 1 + 16 + NONCE_BYTES;

/// A value of type `T` that was sealed by [`FieldKeys::seal`](crate::FieldKeys::seal); a `bytea` column.
///
/// It cannot be made from plaintext in any other way, prints nothing and has no serializer.
pub struct Sealed<T> {
    bytes: Vec<u8>,
    // A function returning T: sealing says nothing about T's own Send, Sync or Drop.
    value: PhantomData<fn() -> T>,
}

/// The parts of a sealed value; borrowed, not yet authenticated.
pub(crate) struct Parts<'a> {
    pub(crate) data_key: DataKeyId,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext_and_tag: &'a [u8],
}

impl<T> Sealed<T> {
    pub(crate) const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, value: PhantomData }
    }

    /// Splits the bytes, or `None` where they cannot be a sealed value.
    pub(crate) fn parts(&self) -> Option<Parts<'_>> {
        let (version, rest) = self.bytes.split_first()?;
        let (data_key, rest) = rest.split_first_chunk::<16>()?;
        let (nonce, ciphertext_and_tag) = rest.split_first_chunk::<NONCE_BYTES>()?;
        (*version == VERSION && ciphertext_and_tag.len() >= TAG_BYTES).then_some(Parts {
            data_key: DataKeyId::from_uuid(Uuid::from_bytes(*data_key)),
            nonce: *nonce,
            ciphertext_and_tag,
        })
    }

    /// The stored form as read from a row. Bytes that were never sealed do not open.
    pub const fn from_stored(bytes: Vec<u8>) -> Self {
        Self::from_bytes(bytes)
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

// Derived versions would ask the same of T.
impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self::from_bytes(self.bytes.clone())
    }
}

/// Same bytes. Two sealings of one value differ, so this never compares what is inside.
impl<T> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for Sealed<T> {}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealed")
    }
}
