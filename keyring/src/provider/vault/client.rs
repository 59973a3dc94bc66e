//! The few calls to Vault's HTTP API that Transit needs.

use std::{fmt, path::PathBuf, time::Duration};

use reqwest::{Method, StatusCode, redirect::Policy};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use super::wire::{Refusal, Reply};
use crate::{KeyringError, ProviderKind};

const VAULT: ProviderKind = ProviderKind::Vault;
/// How long connecting may take; the keyring limits the whole call.
const CONNECT_SECONDS_MAX: u64 = 2;
/// Backstop for callers that use the provider without a keyring around it.
const CALL_SECONDS_MAX: u64 = 30;

pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token_file: PathBuf,
}

/// A JSON object to send.
pub(super) struct Body(Map<String, Value>);

impl Body {
    pub(super) fn none() -> Self {
        Self(Map::new())
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    pub(super) fn text(self, name: &str, value: &str) -> Self {
        self.with(name, Value::from(value))
    }

    pub(super) fn flag(self, name: &str, value: bool) -> Self {
        self.with(name, Value::from(value))
    }

    pub(super) fn number(self, name: &str, value: u32) -> Self {
        self.with(name, Value::from(value))
    }
}

impl Client {
    pub(super) fn try_new(address: &Url, mount: &str, token_file: PathBuf) -> Result<Self, KeyringError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
        if mount.is_empty() || mount.starts_with('/') || mount.ends_with('/') || !mount.bytes().all(is_plain) {
            return Err(KeyringError::Configuration {
                key: "vault_mount",
                reason: "is letters, digits, `-`, `_` and inner `/`".into(),
            });
        }
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
            .timeout(Duration::from_secs(CALL_SECONDS_MAX))
            // A redirect would take the token elsewhere.
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| KeyringError::unexpected(VAULT, "no TLS set-up"))?;
        let base = format!("{}/v1/{mount}", address.as_str().trim_end_matches('/'));
        Ok(Self { http, base, token_file })
    }

    /// A call whose reply is read.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, KeyringError> {
        let reply = self.send(method, path, body).await?;
        serde_json::from_slice::<Reply<T>>(&reply)
            .map(|reply| reply.data)
            .map_err(|_| KeyringError::unexpected(VAULT, "a reply of another shape"))
    }

    /// A call of which only the success matters.
    pub(super) async fn call_without_reply(&self, method: Method, path: &str, body: Body) -> Result<(), KeyringError> {
        self.send(method, path, body).await.map(drop)
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let token = self.token().await?;
        let mut request = self.http.request(method.clone(), format!("{}/{path}", self.base));
        request = request.header("X-Vault-Token", token.trim()).header("X-Vault-Request", "true");
        if method == Method::POST {
            request = request.json(&Value::Object(body.0));
        }
        let response = request.send().await.map_err(|error| no_answer(&error))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| no_answer(&error))?;
        if status.is_success() {
            return Ok(Zeroizing::new(bytes.to_vec()));
        }
        let refusal = serde_json::from_slice::<Refusal>(&bytes).unwrap_or_default();
        Err(refused(status, &refusal))
    }

    async fn token(&self) -> Result<Zeroizing<String>, KeyringError> {
        tokio::fs::read_to_string(&self.token_file).await.map(Zeroizing::new).map_err(|error| {
            KeyringError::Configuration {
                key: "vault_token_file",
                reason: format!("cannot be read: {}", error.kind()).into(),
            }
        })
    }
}

fn no_answer(error: &reqwest::Error) -> KeyringError {
    let detail = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    KeyringError::unavailable(VAULT, detail)
}

fn refused(status: StatusCode, refusal: &Refusal) -> KeyringError {
    let says = |text: &str| refusal.errors.iter().any(|error| error.contains(text));
    match status {
        StatusCode::FORBIDDEN => KeyringError::Denied { provider: VAULT },
        // Only a key that is not there may look destroyed; an engine that is not there must not.
        StatusCode::NOT_FOUND if says("no handler for route") => {
            KeyringError::Configuration { key: "vault_mount", reason: "names no mounted engine of this server".into() }
        }
        StatusCode::NOT_FOUND => KeyringError::NotFound { provider: VAULT },
        StatusCode::BAD_REQUEST if says("encryption key not found") || says("no existing key named") => {
            KeyringError::NotFound { provider: VAULT }
        }
        StatusCode::BAD_REQUEST if says("soft-deleted") => KeyringError::Disabled { provider: VAULT },
        StatusCode::BAD_REQUEST if says("message authentication failed") || says("invalid ciphertext") => {
            KeyringError::Tampered
        }
        // A version below the key's minimum: withdrawn on purpose, and can be allowed again.
        StatusCode::BAD_REQUEST if says("too old") => KeyringError::Disabled { provider: VAULT },
        StatusCode::TOO_MANY_REQUESTS => KeyringError::unavailable(VAULT, "throttled"),
        status if status.is_server_error() => KeyringError::unavailable(VAULT, status.as_str().to_owned()),
        status => KeyringError::unexpected(VAULT, status.as_str().to_owned()),
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}
