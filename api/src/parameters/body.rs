//! The JSON body of a request.

use std::time::Duration;

use axum::{
    body::{Body as RequestBody, Bytes},
    extract::{FromRequest, Request},
    http::{StatusCode, header::CONTENT_TYPE},
};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

use super::{Node, ParameterError, Problem, read, tree::DEPTH_MAX};
use crate::{ApiError, error::ErrorType};

/// Largest body of most routes, in bytes.
pub const BODY_LENGTH_MAX: usize = 256 * 1024;
/// How much of a body that is too large is read before the connection is cut, in bytes.
const DISCARDED_LENGTH_MAX: usize = 32 * 1024 * 1024;
/// Longest time a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A request type read from a body of at most so many bytes, and the canonical text an idempotency key is bound to.
#[derive(Debug)]
pub struct Body<T, const LENGTH_MAX: usize = BODY_LENGTH_MAX> {
    /// What was asked for.
    pub value: T,
    /// The same for the same parameters.
    pub canonical: String,
}

impl<S: Send + Sync, T: DeserializeOwned, const LENGTH_MAX: usize> FromRequest<S> for Body<T, LENGTH_MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        let bytes = collect(request, LENGTH_MAX).await?;
        if !json && !bytes.is_empty() {
            let message = "The body must be JSON: send `Content-Type: application/json`.";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(ApiError::new(status, ErrorType::InvalidRequestError, Some("unsupported_media_type"), message));
        }
        let node = parse(&bytes)?;
        let canonical = node.canonical();
        Ok(Self { value: read_body(node)?, canonical })
    }
}

async fn collect(request: Request, length_max: usize) -> Result<Bytes, ApiError> {
    let mut kept = BytesMut::new();
    let limits = BodyLimits { length_max, time_max: BODY_TIMEOUT };
    each_piece(request, limits, |piece| kept.extend_from_slice(piece)).await?;
    Ok(kept.freeze())
}

/// How much of a body is taken, and how long it may take to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) length_max: usize,
    pub(crate) time_max: Duration,
}

/// Hands over a body piece by piece as it comes, at most as much as is allowed; more is an error in the end.
pub(crate) async fn each_piece(
    request: Request,
    limits: BodyLimits,
    take: impl FnMut(&[u8]) + Send,
) -> Result<(), ApiError> {
    let received = receive(request.into_body(), limits.length_max, take);
    let Ok(received) = tokio::time::timeout(limits.time_max, received).await else {
        let message = "The body did not arrive in time.";
        let status = StatusCode::REQUEST_TIMEOUT;
        return Err(refused(status, "body_timeout", message));
    };
    received
}

/// Reads the body to its end. What is too much is read on and thrown away for a while: a client that is still
/// sending when the connection closes never sees the answer.
async fn receive(mut body: RequestBody, length_max: usize, mut take: impl FnMut(&[u8])) -> Result<(), ApiError> {
    let mut received = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            refused(StatusCode::BAD_REQUEST, "body_incomplete", "The body ended before it was complete.")
        })?;
        let Some(data) = frame.data_ref() else { continue };
        received = received.saturating_add(data.len());
        if received <= length_max {
            take(data);
        } else if received > DISCARDED_LENGTH_MAX {
            break;
        }
    }
    if received > length_max {
        let message = format!("The body is larger than {length_max} bytes.");
        return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", &message));
    }
    Ok(())
}

fn refused(status: StatusCode, code: &str, message: &str) -> ApiError {
    ApiError::new(status, ErrorType::InvalidRequestError, Some(code), message).with_param("body")
}

/// A problem with the body as a whole is a problem with `body`.
fn read_body<T: DeserializeOwned>(node: Node) -> Result<T, ParameterError> {
    read(node).map_err(|error: ParameterError| if error.param().is_some() { error } else { error.within("body") })
}

/// Reads JSON text strictly; an empty body is an empty object.
fn parse(bytes: &[u8]) -> Result<Node, ParameterError> {
    if bytes.is_empty() {
        return Ok(Node::Map(Vec::new()));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let node: Node = serde_path_to_error::deserialize(&mut json).map_err(|error| located(&error))?;
    json.end().map_err(|error| ParameterError::of("body", Problem::Invalid(format!("not valid JSON: {error}"))))?;
    if node.depth() > DEPTH_MAX {
        return Err(too_deep(&node));
    }
    Ok(node)
}

/// Names the field that `serde_json` stopped in.
fn located(error: &serde_path_to_error::Error<serde_json::Error>) -> ParameterError {
    use serde_path_to_error::Segment;
    // A list where an object is wanted has no fields to name.
    let is_object = matches!(error.path().iter().next(), Some(Segment::Map { .. }));
    let mut names = error.path().iter().filter(|_| is_object).filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    let words = error.inner().to_string();
    let words = words.split(" at line").next().unwrap_or("not valid JSON").to_owned();
    let Some(first) = names.next() else { return ParameterError::of("body", Problem::Invalid(words)) };
    // A path as deep as the parser went would be as long as the attack: the first steps say enough.
    let rest: Vec<String> = names.take(DEPTH_MAX).collect();
    let innermost = ParameterError::here(Problem::Invalid(words));
    rest.iter().rev().fold(innermost, |inner, name| inner.within(name)).within(&first)
}

fn too_deep(node: &Node) -> ParameterError {
    let problem = Problem::Invalid(format!("nested deeper than {DEPTH_MAX} levels"));
    let field = match node {
        Node::Map(fields) => fields.iter().max_by_key(|(_, value)| value.depth()).map(|(name, _)| name.as_str()),
        _ => None,
    };
    ParameterError::of(field.unwrap_or("body"), problem)
}

#[cfg(test)]
mod tests {
    use kernel::{Amount, Currency};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused matters here")]
    struct Sample {
        amount: Amount,
        currency: Currency,
        note: Option<Note>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused matters here")]
    struct Note {
        text: Option<String>,
    }

    fn refusal(json: &str) -> (String, Option<String>) {
        let error = parse(json.as_bytes()).and_then(read_body::<Sample>).unwrap_err();
        let object = ApiError::from(error).body().error;
        (object.code.unwrap(), object.param)
    }

    #[test]
    fn numbers_that_are_not_exactly_integers_are_refused_by_field() {
        for bad in ["\"1\"", "1.0", "1e3", "1.5", "9223372036854775808", "1e400", "-0", "null", "true", "[1]"] {
            let (_, param) = refusal(&format!("{{\"amount\":{bad},\"currency\":\"eur\"}}"));
            assert_eq!(param.as_deref(), Some("amount"), "{bad}");
        }
        for bad in ["0", "-1", "9007199254740992", "-9223372036854775808"] {
            let (code, param) = refusal(&format!("{{\"amount\":{bad},\"currency\":\"eur\"}}"));
            assert_eq!((code.as_str(), param.as_deref()), ("parameter_invalid", Some("amount")), "{bad}");
        }
    }

    #[test]
    fn missing_unknown_and_repeated_fields_are_named() {
        let expect =
            |json, code: &str, param: &str| assert_eq!(refusal(json), (code.to_owned(), Some(param.to_owned())));
        expect("{\"currency\":\"eur\"}", "parameter_missing", "amount");
        expect("{\"amount\":1,\"currency\":\"zzz\"}", "parameter_invalid", "currency");
        expect("{\"amount\":1,\"currency\":\"eur\",\"nope\":1}", "parameter_unknown", "nope");
        expect("{\"amount\":1,\"currency\":\"eur\",\"note\":{\"nope\":1}}", "parameter_unknown", "note[nope]");
        expect("{\"amount\":1,\"amount\":2,\"currency\":\"eur\"}", "parameter_invalid", "amount");
    }

    #[test]
    fn nul_lone_surrogates_and_broken_json_are_named() {
        let expect = |json, param: &str| assert_eq!(refusal(json).1.as_deref(), Some(param), "{json}");
        expect("{\"amount\":1,\"currency\":\"eur\",\"note\":{\"text\":\"a\\u0000b\"}}", "note[text]");
        expect("{\"amount\":1,\"currency\":\"eur\",\"note\":{\"text\":\"\\ud800\"}}", "note[text]");
        expect("{\"amount\":1,", "body");
        expect("{\"amount\":1,\"currency\":\"eur\"} trailing", "body");
        expect("[1]", "body");
    }

    #[test]
    fn deep_nesting_is_refused_by_field() {
        let deep = format!("{{\"note\":{}1{}}}", "[".repeat(50), "]".repeat(50));
        assert_eq!(refusal(&deep).1.as_deref(), Some("note"));
        let deeper = format!("{{\"note\":{}1{}}}", "{\"a\":".repeat(5000), "}".repeat(5000));
        assert!(refusal(&deeper).1.unwrap().starts_with("note"));
    }

    #[test]
    fn the_order_of_fields_does_not_change_the_canonical_text() {
        let canonical = |json: &str| parse(json.as_bytes()).unwrap().canonical();
        assert_eq!(
            canonical("{\"a\":1,\"b\":{\"c\":\"x\",\"d\":null}}"),
            canonical("{ \"b\": {\"d\":null,\"c\":\"x\"}, \"a\": 1 }")
        );
        assert_ne!(canonical("{\"a\":1}"), canonical("{\"a\":\"1\"}"));
    }
}
