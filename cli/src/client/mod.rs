//! The HTTP client of `tessera control`: one door for every command, which retries what may be retried.

mod reply;
mod request;

use std::{sync::Arc, time::Duration};

use kernel::Clock;
use reqwest::{Method, StatusCode, header::HeaderMap, redirect::Policy};
use secrecy::ExposeSecret as _;
use tokio::time::sleep;
use url::Url;

use crate::{
    auth::TokenSource,
    configuration::{Settings, is_loopback},
    failure::Failure,
};

pub(crate) use reply::{Reply, refuse as refusal};
pub(crate) use request::{ReadQuery, WriteRequest};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than the server's longest poll (30 s).
const REQUEST_TIMEOUT: Duration = Duration::from_secs(45);
/// Pauses before the second, third and fourth attempt.
const RETRY_PAUSES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(700), Duration::from_millis(1_500)];
/// Longest pause a server may ask for; more than that is for the person to decide.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(10);

/// A signed-in client of the control plane. It signs in on the first request that needs it.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    settings: Settings,
    tokens: TokenSource,
}

impl Client {
    /// Prepares the client; nothing is sent yet.
    pub(crate) fn try_new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let http = http_client(&settings.api_url.value)?;
        Ok(Self { http, tokens: TokenSource::new(settings.clone(), clock), settings })
    }

    /// Reads something; an attempt that failed on the way is repeated.
    pub(crate) async fn read(&self, path: &str, query: &ReadQuery) -> Result<Reply, Failure> {
        let url = self.url(path, &query.pairs())?;
        self.send(&Prepared { method: Method::GET, url, headers: HeaderMap::new(), body: None }).await
    }

    /// Changes something; its idempotency key makes a repeated attempt safe.
    pub(crate) async fn write(&self, request: &WriteRequest<'_>) -> Result<Reply, Failure> {
        let url = self.url(&request.path, &request.query())?;
        let prepared =
            Prepared { method: Method::POST, url, headers: request.headers()?, body: Some(request.body.to_string()) };
        self.send(&prepared).await
    }

    fn url(&self, path: &str, query: &[(&str, String)]) -> Result<Url, Failure> {
        let base = &self.settings.api_url.value;
        self.settings.refuse_clear_text(base)?;
        let mut url = base.clone();
        url.set_path(&format!("{}/platform/v1{path}", base.path().trim_end_matches('/')));
        url.set_query(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn send(&self, prepared: &Prepared) -> Result<Reply, Failure> {
        let mut renewed = false;
        let mut pauses = RETRY_PAUSES.iter();
        loop {
            let outcome = self.attempt(prepared).await?;
            match outcome {
                Attempt::Answered(reply) => return Ok(reply),
                Attempt::Unauthorized(failure) => {
                    if renewed || !self.tokens.renew().await? {
                        return Err(failure);
                    }
                    renewed = true;
                }
                Attempt::Passing { failure, after } => match pauses.next() {
                    Some(pause) => sleep(after.unwrap_or(*pause)).await,
                    None => return Err(failure),
                },
                Attempt::Refused(failure) => return Err(failure),
            }
        }
    }

    async fn attempt(&self, prepared: &Prepared) -> Result<Attempt, Failure> {
        let token = self.tokens.bearer().await?;
        let mut builder = self
            .http
            .request(prepared.method.clone(), prepared.url.clone())
            .headers(prepared.headers.clone())
            .bearer_auth(token.expose_secret());
        if let Some(body) = &prepared.body {
            builder = builder.header("Content-Type", "application/json").body(body.clone());
        }
        let response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Attempt::Passing { failure: self.unreachable(error), after: None }),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(error) => return Ok(Attempt::Passing { failure: self.unreachable(error), after: None }),
        };
        if status.is_success() {
            return reply::accept(&headers, &body).map(Attempt::Answered);
        }
        let failure = reply::refuse(status, &headers, &body);
        Ok(match status {
            StatusCode::UNAUTHORIZED => Attempt::Unauthorized(failure),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => match retry_after(&headers) {
                Some(after) if after > RETRY_AFTER_MAX => Attempt::Refused(failure),
                after => Attempt::Passing { failure, after },
            },
            _ => Attempt::Refused(failure),
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let api_url = &self.settings.api_url;
        let why = innermost(&error.without_url());
        Failure::local(format!("cannot reach the control plane at {} ({}): {why}", api_url.value, api_url.source))
            .code("unreachable")
            .hint("is it running there? `--api-url`, TESSERA_API_URL or the profile name another address")
    }
}

/// One request, ready to be sent more than once.
struct Prepared {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
}

enum Attempt {
    Answered(Reply),
    Unauthorized(Failure),
    Passing { failure: Failure, after: Option<Duration> },
    Refused(Failure),
}

/// A client that follows no redirect: a credential goes to the host that was named and to no other.
pub(crate) fn http_client(target: &Url) -> Result<reqwest::Client, Failure> {
    let builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .user_agent(concat!("tessera/", env!("CARGO_PKG_VERSION")));
    let builder = if is_loopback(target) { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| Failure::local(format!("cannot prepare the HTTP client: {error}")))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The cause at the bottom, which is the one that names the socket's trouble.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
