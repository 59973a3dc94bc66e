//! What the control plane answered.

use reqwest::{StatusCode, header::HeaderMap};
use serde::Deserialize;
use serde_json::Value;

use crate::{exit_code::ExitCode, failure::Failure};

/// A successful answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The JSON body.
    pub(crate) body: Value,
    /// The server's name for the request.
    pub(crate) request_id: Option<String>,
}

#[derive(Deserialize)]
struct ErrorEnvelope {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
    param: Option<String>,
    hint: Option<String>,
    tenant: Option<String>,
}

/// Reads the body of a success.
pub(super) fn accept(headers: &HeaderMap, body: &[u8]) -> Result<Reply, Failure> {
    let request_id = request_id(headers);
    match serde_json::from_slice(body) {
        Ok(body) => Ok(Reply { body, request_id }),
        Err(error) => Err(Failure::local(format!("the server's answer is not JSON: {error}"))
            .code("unexpected_reply")
            .hint("is this URL really a Tessera control plane?")
            .request(request_id)),
    }
}

/// Turns a refusal into a failure with its exit code.
pub(crate) fn refuse(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let request_id = request_id(headers);
    let Ok(ErrorEnvelope { error }) = serde_json::from_slice::<ErrorEnvelope>(body) else {
        let message = format!("the server answered {status} without an error object");
        return Failure::new(exit_of(status, ""), "unexpected_reply", message).request(request_id);
    };
    let code = error.code.or(error.kind).unwrap_or_else(|| status.as_str().to_owned());
    let message = error.message.unwrap_or_else(|| format!("the server answered {status}"));
    let mut failure = Failure::new(exit_of(status, &code), &code, message).request(request_id);
    failure.hint = error.hint.or_else(|| hint_for(status));
    failure.tenant = error.tenant;
    failure.parameter = error.param;
    failure
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("request-id").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn exit_of(status: StatusCode, code: &str) -> ExitCode {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ExitCode::NotPermitted,
        StatusCode::NOT_FOUND => ExitCode::NotFound,
        StatusCode::CONFLICT => ExitCode::Conflict,
        StatusCode::BAD_REQUEST if code == "reason_required" => ExitCode::Usage,
        _ => ExitCode::Failure,
    }
}

fn hint_for(status: StatusCode) -> Option<String> {
    match status {
        StatusCode::UNAUTHORIZED => Some("sign in with `tessera auth login`".to_owned()),
        StatusCode::FORBIDDEN => Some("`tessera auth status` shows your staff role".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_exit_code() {
        let cases = [
            (401, ExitCode::NotPermitted),
            (403, ExitCode::NotPermitted),
            (404, ExitCode::NotFound),
            (409, ExitCode::Conflict),
            (400, ExitCode::Failure),
            (422, ExitCode::Failure),
            (500, ExitCode::Failure),
            (503, ExitCode::Failure),
        ];
        for (status, exit) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            let failure = refuse(status, &HeaderMap::new(), br#"{"error":{"code":"x","message":"m"}}"#);
            assert_eq!(failure.exit, exit, "{status}");
        }
    }

    #[test]
    fn a_page_of_some_proxy_is_still_a_clear_failure() {
        let failure = refuse(StatusCode::BAD_GATEWAY, &HeaderMap::new(), b"<html>");
        assert_eq!(failure.code, "unexpected_reply");
        assert!(failure.message.contains("502"));
    }
}
