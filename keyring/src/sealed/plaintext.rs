//! Values that can be sealed: text as it is, structured values as JSON.

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use zeroize::Zeroizing;

/// The value cannot be turned into bytes, or the bytes into the value. It does not say which value.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the value has no sealed form")]
pub struct PlaintextError;

/// A value with a byte form. Types that check their content implement it by hand and check again
/// in `from_plaintext`; types that are plain JSON implement [`JsonPlaintext`].
pub trait Plaintext: Sized {
    /// The bytes to seal.
    fn to_plaintext(&self) -> Result<Zeroizing<Vec<u8>>, PlaintextError>;

    /// The value from opened bytes.
    fn from_plaintext(bytes: &[u8]) -> Result<Self, PlaintextError>;
}

impl Plaintext for String {
    fn to_plaintext(&self) -> Result<Zeroizing<Vec<u8>>, PlaintextError> {
        Ok(Zeroizing::new(self.as_bytes().to_vec()))
    }

    fn from_plaintext(bytes: &[u8]) -> Result<Self, PlaintextError> {
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| PlaintextError)
    }
}

/// Marks a type that is sealed as JSON.
pub trait JsonPlaintext: Serialize + DeserializeOwned {}

impl JsonPlaintext for serde_json::Value {}

impl<T: JsonPlaintext> Plaintext for T {
    fn to_plaintext(&self) -> Result<Zeroizing<Vec<u8>>, PlaintextError> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| PlaintextError)
    }

    fn from_plaintext(bytes: &[u8]) -> Result<Self, PlaintextError> {
        serde_json::from_slice(bytes).map_err(|_| PlaintextError)
    }
}
