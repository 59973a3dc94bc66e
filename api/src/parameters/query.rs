//! The parameters of a query string.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;

use super::{Node, ParameterError, Problem, read};
use crate::ApiError;

/// Most parameters in one query string.
const PARAMETERS_MAX: usize = 50;

/// A request type read from the query string.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let node = parse(parts.uri.query().unwrap_or_default())?;
        Ok(Self(read(node)?))
    }
}

fn parse(query: &str) -> Result<Node, ParameterError> {
    let mut fields: Vec<(String, Node)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if fields.len() >= PARAMETERS_MAX {
            let words = format!("a query has at most {PARAMETERS_MAX} parameters");
            return Err(ParameterError::of("query", Problem::Invalid(words)));
        }
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(ParameterError::of(&name, Problem::Repeated));
        }
        if value.contains('\0') {
            let words = "text must not contain the character NUL".to_owned();
            return Err(ParameterError::of(&name, Problem::Invalid(words)));
        }
        fields.push((name.into_owned(), Node::Word(value.into_owned())));
    }
    Ok(Node::Map(fields))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        limit: Option<u8>,
        email: Option<String>,
    }

    #[test]
    fn words_are_read_as_what_is_asked_for() {
        let sample: Sample = parse("limit=10&email=a%2Bb%40example.com").and_then(read).unwrap();
        assert_eq!(sample, Sample { limit: Some(10), email: Some("a+b@example.com".to_owned()) });
    }

    #[test]
    fn what_is_not_plain_digits_is_no_integer() {
        for bad in ["1.0", "+5", " 5", "1e1", "0x1", "01", "-0", "256", ""] {
            let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("limit", bad).finish();
            assert!(parse(&query).and_then(read::<Sample>).is_err(), "{bad}");
        }
        assert!(parse("limit=1&limit=2").is_err());
        assert!(parse("nope=1").and_then(read::<Sample>).is_err());
    }
}
