//! One published signing key, and which tokens it may have signed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::super::secret_key::sha256;

/// Smallest and largest RSA modulus, in bytes: 2048 and 8192 bits. Larger ones only cost time.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;
const RSA_EXPONENT_BYTES_MAX: usize = 8;
/// Longest key id that is kept, in bytes.
const KEY_ID_BYTES_MAX: usize = 256;

/// What a key can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// A public key of an issuer.
#[derive(Debug)]
pub(crate) struct SigningKey {
    key_id: String,
    kind: Kind,
    /// The one algorithm the issuer uses it with, if it says so.
    algorithm: Option<Algorithm>,
    decoding_key: DecodingKey,
    /// Tells a key from another one published under the same id.
    fingerprint: [u8; 32],
}

/// The parts of a JWK that matter here (RFC 7517, 7518, 8037).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl SigningKey {
    /// The key, if it is a public signature key of a kind that tokens may be signed with. Encryption keys, shared
    /// secrets (`oct`) and whatever is not well-formed are passed over: a set may hold keys for other uses.
    pub(super) fn from_jwk(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let key_id = jwk.kid.clone().filter(|id| (1..=KEY_ID_BYTES_MAX).contains(&id.len()))?;
        let signs = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
            && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !signs {
            return None;
        }
        let (kind, decoding_key, parts) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => rsa(jwk.n.as_deref()?, jwk.e.as_deref()?)?,
            ("EC", Some("P-256")) => elliptic(Kind::P256, 32, jwk.x.as_deref()?, jwk.y.as_deref()?)?,
            ("EC", Some("P-384")) => elliptic(Kind::P384, 48, jwk.x.as_deref()?, jwk.y.as_deref()?)?,
            ("OKP", Some("Ed25519")) => edwards(jwk.x.as_deref()?)?,
            _ => return None,
        };
        let algorithm = match jwk.alg.as_deref() {
            None => None,
            // A key for an algorithm that is never accepted is no key.
            Some(name) => Some(name.parse().ok().filter(|algorithm| kind.fits(*algorithm))?),
        };
        Some(Self { key_id, kind, algorithm, decoding_key, fingerprint: sha256(&parts) })
    }

    /// Whether it may have signed a token of this key id and algorithm.
    pub(super) fn fits(&self, key_id: &str, algorithm: Algorithm) -> bool {
        self.key_id == key_id && self.kind.fits(algorithm) && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Whether both are the same key under the same id.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.key_id == other.key_id && self.fingerprint == other.fingerprint
    }

    /// The key as the JWT library takes it.
    pub(crate) const fn decoding_key(&self) -> &DecodingKey {
        &self.decoding_key
    }
}

impl Kind {
    const fn fits(self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa => matches!(
                algorithm,
                Algorithm::RS256
                    | Algorithm::RS384
                    | Algorithm::RS512
                    | Algorithm::PS256
                    | Algorithm::PS384
                    | Algorithm::PS512
            ),
            Self::P256 => matches!(algorithm, Algorithm::ES256),
            Self::P384 => matches!(algorithm, Algorithm::ES384),
            Self::Ed25519 => matches!(algorithm, Algorithm::EdDSA),
        }
    }
}

/// A key with the bytes that identify it.
type Built = (Kind, DecodingKey, Vec<u8>);

fn rsa(modulus: &str, exponent: &str) -> Option<Built> {
    let (n, e) = (decode(modulus)?, decode(exponent)?);
    let sized = RSA_MODULUS_BYTES.contains(&n.len()) && (1..=RSA_EXPONENT_BYTES_MAX).contains(&e.len());
    sized.then(|| (Kind::Rsa, DecodingKey::from_rsa_raw_components(&n, &e), [n, e].concat()))
}

fn elliptic(kind: Kind, coordinate_bytes: usize, x: &str, y: &str) -> Option<Built> {
    let parts = [decode(x)?, decode(y)?];
    // Whether the point lies on the curve is checked with every signature.
    parts.iter().all(|part| part.len() == coordinate_bytes).then_some(())?;
    Some((kind, DecodingKey::from_ec_components(x, y).ok()?, parts.concat()))
}

fn edwards(x: &str) -> Option<Built> {
    let part = decode(x)?;
    (part.len() == 32).then_some(())?;
    Some((Kind::Ed25519, DecodingKey::from_ed_components(x).ok()?, part))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn p256(extra: &Value) -> Value {
        let coordinate = URL_SAFE_NO_PAD.encode([7_u8; 32]);
        let mut jwk = json!({"kty": "EC", "crv": "P-256", "kid": "a", "x": coordinate, "y": coordinate});
        for (name, value) in extra.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    }

    #[test]
    fn a_key_fits_only_its_own_algorithm() {
        let key = SigningKey::from_jwk(p256(&json!({"alg": "ES256", "use": "sig"}))).unwrap();
        assert!(key.fits("a", Algorithm::ES256));
        assert!(!key.fits("b", Algorithm::ES256));
        for other in [Algorithm::ES384, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA, Algorithm::HS256] {
            assert!(!key.fits("a", other), "{other:?}");
        }
        let rsa =
            json!({"kty": "RSA", "kid": "a", "alg": "PS256", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([9_u8; 256])});
        let rsa = SigningKey::from_jwk(rsa).unwrap();
        assert!(rsa.fits("a", Algorithm::PS256) && !rsa.fits("a", Algorithm::RS256));
    }

    #[test]
    fn what_is_no_signature_key_is_passed_over() {
        let n = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![9_u8; bytes]);
        for jwk in [
            p256(&json!({"use": "enc"})),
            p256(&json!({"key_ops": ["sign"]})),
            p256(&json!({"alg": "HS256"})),
            p256(&json!({"alg": "RS256"})),
            p256(&json!({"alg": "none"})),
            p256(&json!({"kid": null})),
            p256(&json!({"kid": 3})),
            p256(&json!({"kid": "k".repeat(257)})),
            p256(&json!({"crv": "P-384"})),
            p256(&json!({"crv": "secp256k1"})),
            p256(&json!({"x": "AAAA"})),
            json!({"kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256"}),
            json!({"kty": "RSA", "kid": "a", "e": "AQAB", "n": n(128)}),
            json!({"kty": "RSA", "kid": "a", "e": "AQAB", "n": n(2_048)}),
            json!({"kty": "RSA", "kid": "a", "e": n(9), "n": n(256)}),
            json!({"kty": "OKP", "crv": "X25519", "kid": "a", "x": n(32)}),
            json!("text"),
            json!(null),
        ] {
            assert!(SigningKey::from_jwk(jwk.clone()).is_none(), "{jwk}");
        }
    }

    #[test]
    fn another_key_under_the_same_id_is_another_key() {
        let one = SigningKey::from_jwk(p256(&json!({}))).unwrap();
        let two = SigningKey::from_jwk(p256(&json!({"x": URL_SAFE_NO_PAD.encode([8_u8; 32])}))).unwrap();
        assert!(!one.is_same(&two));
        assert!(one.is_same(&SigningKey::from_jwk(p256(&json!({"use": "sig"}))).unwrap()));
    }
}
