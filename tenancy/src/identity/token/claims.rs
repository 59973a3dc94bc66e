//! Claims of a token, by type. A claim of another type than expected is a refusal, never an absence.

use serde_json::{Map, Value};

use super::super::refusal::CredentialRefusal;

/// Most entries read of a claim that is a list.
const LIST_LENGTH_MAX: usize = 64;

/// The payload of a token.
#[derive(Debug)]
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) const fn new(payload: Map<String, Value>) -> Self {
        Self(payload)
    }

    /// Whether the claim is there, be it null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text. `label` is what a refusal calls the claim, because its name may be the issuer's choice.
    pub(crate) fn text(&self, name: &str, label: &'static str) -> Result<&str, CredentialRefusal> {
        match self.0.get(name) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(CredentialRefusal::ClaimInvalid(label)),
            None => Err(CredentialRefusal::ClaimMissing(label)),
        }
    }

    /// A number of whole seconds since 1970, if it is there.
    pub(crate) fn seconds(&self, name: &'static str) -> Result<Option<i64>, CredentialRefusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or(CredentialRefusal::ClaimInvalid(name)),
        }
    }

    /// A text or a list of texts.
    pub(crate) fn one_or_many(&self, name: &'static str) -> Result<Vec<&str>, CredentialRefusal> {
        match self.0.get(name) {
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(items)) => texts(items, name),
            Some(_) => Err(CredentialRefusal::ClaimInvalid(name)),
            None => Err(CredentialRefusal::ClaimMissing(name)),
        }
    }

    /// A list of texts, empty if it is not there.
    pub(crate) fn many(&self, name: &'static str) -> Result<Vec<&str>, CredentialRefusal> {
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => texts(items, name),
            Some(_) => Err(CredentialRefusal::ClaimInvalid(name)),
        }
    }
}

fn texts<'v>(items: &'v [Value], name: &'static str) -> Result<Vec<&'v str>, CredentialRefusal> {
    if items.len() > LIST_LENGTH_MAX {
        return Err(CredentialRefusal::ClaimInvalid(name));
    }
    items.iter().map(|item| item.as_str().ok_or(CredentialRefusal::ClaimInvalid(name))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Claims {
        Claims::new(value.as_object().unwrap().clone())
    }

    #[test]
    fn a_claim_of_another_type_is_a_refusal() {
        for wrong in [json!(1), json!(true), json!(null), json!({}), json!([1]), json!([["a"]])] {
            let claims = claims(&json!({"a": wrong}));
            assert!(claims.text("a", "a").is_err(), "{wrong}");
            assert!(claims.one_or_many("a").is_err(), "{wrong}");
            assert!(claims.many("a").is_err(), "{wrong}");
        }
        for wrong in [json!("1"), json!(1.5), json!(1e300), json!(u64::MAX), json!(null), json!([1]), json!({})] {
            assert!(claims(&json!({"a": wrong})).seconds("a").is_err(), "{wrong}");
        }
        assert!(claims(&json!({"a": vec!["x"; LIST_LENGTH_MAX + 1]})).many("a").is_err());
    }

    #[test]
    fn what_is_absent_is_told_from_what_is_wrong() {
        let claims = claims(&json!({"aud": ["x", "y"], "exp": 5}));
        assert!(matches!(claims.text("sub", "sub"), Err(CredentialRefusal::ClaimMissing("sub"))));
        assert_eq!(claims.one_or_many("aud").unwrap(), ["x", "y"]);
        assert_eq!(claims.seconds("exp").unwrap(), Some(5));
        assert_eq!(claims.seconds("nbf").unwrap(), None);
        assert!(claims.many("amr").unwrap().is_empty());
    }
}
