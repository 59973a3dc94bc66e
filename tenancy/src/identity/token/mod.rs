//! Bearer tokens: signed JWTs in compact form, read strictly and once.
//!
//! A token is an [`UnverifiedToken`], which tells nothing but its issuer, until its signature was
//! checked; then it is a [`VerifiedToken`]. Both speak of the same parse of the same bytes.

mod claims;
mod verifier;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

pub(super) use claims::Claims;
pub(super) use verifier::{TokenVerifier, VerifiedToken};

use super::refusal::CredentialRefusal;
use crate::directory::asymmetric;

/// Longest token, in bytes.
pub(super) const TOKEN_BYTES_MAX: usize = 8 * 1_024;
/// Longest key id, in bytes. It is compared and never becomes part of a path, a URL or a query.
const KEY_ID_BYTES_MAX: usize = 256;
/// What an access token may call itself (RFC 9068; RFC 7519 for issuers older than that).
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "JWT"];

/// A token whose signature nobody has looked at.
pub(super) struct UnverifiedToken<'a> {
    signed: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    key_id: String,
    claims: Claims,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads the three parts. Of the header only `alg`, `kid`, `typ` and `crit` are looked at: a key or an
    /// address that the token brings along (`jwk`, `jku`, `x5c`, `x5u`) proves nothing.
    pub(super) fn parse(text: &'a str) -> Result<Self, CredentialRefusal> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(CredentialRefusal::Malformed("longer than 8 KiB"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(CredentialRefusal::Malformed("not three parts"))?;
        let (header, payload) = signed.split_once('.').ok_or(CredentialRefusal::Malformed("not three parts"))?;
        if payload.contains('.') {
            return Err(CredentialRefusal::Malformed("not three parts"));
        }
        let header = object(header, "header")?;
        if header.contains_key("crit") {
            return Err(CredentialRefusal::Malformed("critical header"));
        }
        let algorithm = required(&header, "alg")?;
        let algorithm = asymmetric(algorithm).ok_or(CredentialRefusal::AlgorithmNotAllowed)?;
        let token_type = required(&header, "typ")?;
        if !TYPES.iter().any(|known| known.eq_ignore_ascii_case(token_type)) {
            return Err(CredentialRefusal::WrongTokenType("typ"));
        }
        let key_id = required(&header, "kid")?;
        if key_id.is_empty() || key_id.len() > KEY_ID_BYTES_MAX {
            return Err(CredentialRefusal::Malformed("kid"));
        }
        let claims = Claims::new(object(payload, "payload")?);
        Ok(Self { signed, signature, algorithm, key_id: key_id.to_owned(), claims })
    }

    /// Who claims to have issued it: good for choosing the keys to check it with and for nothing else.
    pub(super) fn issuer(&self) -> Result<&str, CredentialRefusal> {
        self.claims.text("iss", "iss")
    }
}

fn object(part: &str, name: &'static str) -> Result<Map<String, Value>, CredentialRefusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| CredentialRefusal::Malformed(name))?;
    serde_json::from_slice(&bytes).map_err(|_| CredentialRefusal::Malformed(name))
}

fn required<'h>(header: &'h Map<String, Value>, name: &'static str) -> Result<&'h str, CredentialRefusal> {
    header.get(name).and_then(Value::as_str).ok_or(CredentialRefusal::Malformed(name))
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};
    use serde_json::json;

    use super::*;

    fn token(header: &Value, payload: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(header), part(payload))
    }

    fn refusal(text: &str) -> &'static str {
        UnverifiedToken::parse(text).err().map_or("accepted", |refusal| refusal.code())
    }

    #[test]
    fn a_header_is_accepted_only_in_its_strict_form() {
        let payload = json!({"iss": "https://issuer.example"});
        let header = |extra: Value| {
            let mut header = json!({"alg": "RS256", "kid": "1", "typ": "JWT"});
            for (name, value) in extra.as_object().unwrap() {
                header[name] = value.clone();
            }
            token(&header, &payload)
        };
        assert_eq!(refusal(&header(json!({}))), "accepted");
        assert_eq!(refusal(&header(json!({"typ": "at+JWT"}))), "accepted");
        assert_eq!(refusal(&header(json!({"jku": "https://evil.example", "jwk": {"kty": "oct"}}))), "accepted");
        for (extra, code) in [
            (json!({"alg": "none"}), "algorithm_not_allowed"),
            (json!({"alg": "nOnE"}), "algorithm_not_allowed"),
            (json!({"alg": "HS256"}), "algorithm_not_allowed"),
            (json!({"alg": ["RS256"]}), "credential_malformed"),
            (json!({"alg": null}), "credential_malformed"),
            (json!({"typ": "logout+jwt"}), "token_type_wrong"),
            (json!({"typ": null}), "credential_malformed"),
            (json!({"crit": ["exp"]}), "credential_malformed"),
            (json!({"crit": null}), "credential_malformed"),
            (json!({"crit": ["b64"], "b64": false}), "credential_malformed"),
            (json!({"kid": 7}), "credential_malformed"),
            (json!({"kid": ""}), "credential_malformed"),
            (json!({"kid": "k".repeat(257)}), "credential_malformed"),
        ] {
            assert_eq!(refusal(&header(extra.clone())), code, "{extra}");
        }
    }

    #[test]
    fn other_shapes_are_malformed() {
        let good = token(&json!({"alg": "RS256", "kid": "1", "typ": "JWT"}), &json!({}));
        for text in [
            String::new(),
            "..".to_owned(),
            "a.b".to_owned(),
            format!("{good}.more"),
            format!("{good}="),
            format!("\u{e9}{good}"),
            token(&json!([]), &json!({})),
            token(&json!({"alg": "RS256", "kid": "1", "typ": "JWT"}), &json!("text")),
            format!("{}{}", good, "A".repeat(TOKEN_BYTES_MAX)),
        ] {
            let code = refusal(&text);
            // A signature of the wrong form is found when it is checked.
            assert!(code == "credential_malformed" || text == format!("{good}="), "{text:.60}: {code}");
        }
    }

    #[test]
    fn a_deeply_nested_payload_is_refused_without_harm() {
        let nested = URL_SAFE_NO_PAD.encode(format!("{{\"a\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000)));
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"1","typ":"JWT"}"#);
        assert_eq!(refusal(&format!("{header}.{nested}.c2ln")), "credential_malformed");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[ -~]{0,200}", tail in "[A-Za-z0-9_.-]{0,200}") {
            prop_assert!(UnverifiedToken::parse(&text).is_err());
            let _ = UnverifiedToken::parse(&format!("eyJhbGciOiJSUzI1NiJ9.{tail}"));
        }
    }
}
