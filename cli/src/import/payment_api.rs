//! The payment API as an import uses it: one request, repeated under its key until it is answered.

use std::time::Duration;

use bytes::Bytes;
use kernel::RequestId;
use reqwest::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep};
use url::Url;

use super::progress::Teller;
use crate::{
    client::{http_client, innermost, refusal},
    failure::Failure,
};

/// How long a request is repeated before the import gives up.
const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// The answer was stored before.
const REPLAYED: &str = "idempotent-replayed";
const REQUEST_ID: &str = "request-id";

/// The payment API of one environment.
#[derive(Debug)]
pub(super) struct PaymentApi {
    http: reqwest::Client,
    base: Url,
    key: SecretString,
    teller: Teller,
}

/// A request that may be sent more than once.
#[derive(Debug)]
pub(super) struct Post {
    /// Behind the host.
    pub(super) path: &'static str,
    /// What the server recognises a repeat by; without it, its parts have keys of their own.
    pub(super) key: Option<String>,
    /// JSON.
    pub(super) body: String,
}

/// A success.
#[derive(Debug)]
pub(super) struct Answer {
    /// The body, read to its end.
    pub(super) body: Bytes,
    /// Whether the server had answered this before.
    pub(super) is_replayed: bool,
    /// The server's name for the request.
    pub(super) request: Option<RequestId>,
}

/// How often and how long something is tried again.
#[derive(Debug)]
pub(super) struct Patience {
    since: Option<Instant>,
    pause: Duration,
    teller: Teller,
}

enum Attempt {
    Answered(Answer),
    /// Worth another attempt, after this long if the server said so.
    Passing(Failure, Option<Duration>),
    Refused(Failure),
}

impl PaymentApi {
    /// Prepares the client; nothing is sent yet.
    pub(super) fn try_new(base: Url, key: SecretString, teller: Teller) -> Result<Self, Failure> {
        Ok(Self { http: http_client(&base)?, base, key, teller })
    }

    /// Patience for one undertaking.
    pub(super) fn patience(&self) -> Patience {
        Patience { since: None, pause: PAUSE_FIRST, teller: self.teller.clone() }
    }

    /// Sends the request until it is answered for good.
    pub(super) async fn post(&self, post: &Post) -> Result<Answer, Failure> {
        let mut patience = self.patience();
        loop {
            match self.attempt(post).await {
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Passing(failure, after) => patience.wait(failure, after).await?,
                Attempt::Refused(failure) => return Err(failure),
            }
        }
    }

    async fn attempt(&self, post: &Post) -> Attempt {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), post.path));
        let mut request = self
            .http
            .post(url)
            .bearer_auth(self.key.expose_secret())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, application/x-ndjson")
            .body(post.body.clone());
        if let Some(key) = &post.key {
            request = request.header("idempotency-key", key);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Attempt::Passing(self.unreachable(error), None),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(error) => return Attempt::Passing(self.unreachable(error), None),
        };
        if status.is_success() {
            let is_replayed = headers.contains_key(REPLAYED);
            let request = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()?.parse().ok());
            return Attempt::Answered(Answer { body, is_replayed, request });
        }
        let failure = explained(refusal(status, &headers, &body), status);
        if is_passing(status, &failure.code) {
            Attempt::Passing(failure, retry_after(&headers))
        } else {
            Attempt::Refused(failure)
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let why = innermost(&error.without_url());
        Failure::local(format!("cannot reach the payment API at {}: {why}", self.base))
            .code("unreachable")
            .hint("is `tessera api` running there? `--api-url` names another address; running the import again goes on")
    }
}

impl Patience {
    /// Waits before another attempt, longer each time; gives the failure back when it has lasted too long.
    pub(super) async fn wait(&mut self, failure: Failure, after: Option<Duration>) -> Result<(), Failure> {
        let since = *self.since.get_or_insert_with(|| {
            self.teller.tell(&format!("{}; trying again", failure.message));
            Instant::now()
        });
        if since.elapsed() >= PATIENCE {
            return Err(failure);
        }
        sleep(after.unwrap_or(self.pause).min(PAUSE_MAX)).await;
        self.pause = self.pause.saturating_mul(2).min(PAUSE_MAX);
        Ok(())
    }
}

/// Whether the same request may well succeed in a moment.
fn is_passing(status: StatusCode, code: &str) -> bool {
    match status {
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => true,
        StatusCode::CONFLICT => code == "idempotency_key_in_use",
        _ => false,
    }
}

fn explained(mut failure: Failure, status: StatusCode) -> Failure {
    if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
        failure.hint = Some("the import needs a secret API key of an environment with the role admin".to_owned());
    } else if failure.code == "idempotency_error" {
        failure.hint = Some("this environment was given other data under the same numbers before".to_owned());
    }
    failure
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_is_tried_again() {
        let cases = [
            (429, "rate_limited", true),
            (502, "", true),
            (503, "database_unavailable", true),
            (504, "timeout", true),
            (409, "idempotency_key_in_use", true),
            (409, "customer_exists", false),
            (400, "idempotency_error", false),
            (401, "authentication_required", false),
            (500, "", false),
        ];
        for (status, code, expected) in cases {
            assert_eq!(is_passing(StatusCode::from_u16(status).unwrap(), code), expected, "{status} {code}");
        }
    }
}
