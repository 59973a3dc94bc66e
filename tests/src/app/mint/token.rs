//! A token being forged: every part of it can be wrong.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::key::{PrivateKey, hmac_sha256};

/// How the last part is made.
#[derive(Clone, Debug)]
enum Seal {
    Key(PrivateKey),
    Hmac(Vec<u8>),
    Bytes(Vec<u8>),
}

/// Header and claims before they are signed.
#[derive(Clone, Debug)]
pub struct TokenDraft {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    seal: Seal,
}

impl TokenDraft {
    pub(super) fn new(header: Map<String, Value>, claims: Map<String, Value>, key: PrivateKey) -> Self {
        Self { header, claims, seal: Seal::Key(key) }
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.shift_remove(name);
        self
    }

    /// Moves a time claim, from now.
    #[must_use]
    pub fn at(self, name: &str, seconds_from_now: i64) -> Self {
        let now = super::now_seconds();
        self.claim(name, now + seconds_from_now)
    }

    #[must_use]
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    #[must_use]
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", audience)
    }

    /// Sets a field of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a field of the header out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.shift_remove(name);
        self
    }

    /// Signs with another key than the issuer's.
    #[must_use]
    pub fn signed_by(mut self, key: &PrivateKey) -> Self {
        self.seal = Seal::Key(key.clone());
        self
    }

    /// Signs with a shared secret, as `HS256` does.
    #[must_use]
    pub fn signed_with_secret(mut self, secret: &[u8]) -> Self {
        self.seal = Seal::Hmac(secret.to_vec());
        self
    }

    /// Puts these bytes where the signature belongs.
    #[must_use]
    pub fn signature(mut self, bytes: &[u8]) -> Self {
        self.seal = Seal::Bytes(bytes.to_vec());
        self
    }

    /// The token's text.
    pub fn mint(&self) -> String {
        let part = |map: &Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(map.clone()).to_string());
        let message = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = match &self.seal {
            Seal::Key(key) => {
                key.sign(self.header.get("alg").and_then(Value::as_str).unwrap_or_default(), message.as_bytes())
            }
            Seal::Hmac(secret) => hmac_sha256(secret, message.as_bytes()),
            Seal::Bytes(bytes) => bytes.clone(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
