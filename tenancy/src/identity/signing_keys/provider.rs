//! Asking an identity provider: its discovery document, then its keys. It may be slow, wrong or hostile.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use reqwest::{Client, StatusCode, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::{
    issuer_url::{IssuerUrl, IssuerUrlError, parse_secure},
    key::SigningKey,
};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait for a whole answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1_024;
/// Most keys in a set; providers publish a handful.
const KEYS_MAX: usize = 32;

/// Why an issuer's keys cannot be had.
#[derive(Clone, Debug, Error)]
pub enum ProviderError {
    /// The address of the issuer or of its keys may not be asked.
    #[error("the provider's address is refused: {0}")]
    Address(#[from] IssuerUrlError),
    /// No answer.
    #[error("the provider does not answer")]
    Request(#[source] Arc<reqwest::Error>),
    /// An answer that is no success. Redirects are not followed: they could lead anywhere.
    #[error("the provider answers with status {0}")]
    Status(StatusCode),
    /// A longer answer than any provider needs.
    #[error("the provider's answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// An answer of another form.
    #[error("the provider's answer is not of the expected form")]
    Form(#[source] Arc<serde_json::Error>),
    /// The discovery document is another issuer's.
    #[error("the discovery document names another issuer")]
    OtherIssuer,
    /// A larger set than any provider needs.
    #[error("the provider publishes more than {KEYS_MAX} keys")]
    TooManyKeys,
    /// The task that asked was lost.
    #[error("the asking task was aborted")]
    Aborted(#[source] Arc<dyn StdError + Send + Sync>),
}

/// The HTTP client for identity providers.
#[derive(Clone, Debug)]
pub(super) struct ProviderClient {
    http: Client,
    allow_http: bool,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

impl ProviderClient {
    pub(super) fn try_new(allow_http: bool) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .pool_max_idle_per_host(1)
            .referer(false)
            .user_agent("tessera")
            .build()?;
        Ok(Self { http, allow_http })
    }

    /// Where the issuer publishes its keys.
    pub(super) async fn discover(&self, issuer: &str) -> Result<Url, ProviderError> {
        let issuer = IssuerUrl::parse(issuer, self.allow_http)?;
        let document: Discovery = self.get(issuer.discovery()?).await?;
        if document.issuer != issuer.as_str() {
            return Err(ProviderError::OtherIssuer);
        }
        Ok(parse_secure(&document.jwks_uri, self.allow_http)?)
    }

    /// The usable keys published there.
    pub(super) async fn signing_keys(&self, jwks_uri: Url) -> Result<Vec<Arc<SigningKey>>, ProviderError> {
        let set: JwkSet = self.get(jwks_uri).await?;
        usable(set)
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, ProviderError> {
        let request_error = |error: reqwest::Error| ProviderError::Request(Arc::new(error.without_url()));
        let mut answer = self.http.get(url).send().await.map_err(request_error)?;
        if answer.status() != StatusCode::OK {
            return Err(ProviderError::Status(answer.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(request_error)? {
            if body.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                return Err(ProviderError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(form_error)
    }
}

/// The usable keys of a document already in hand.
pub(super) fn parse_set(document: &[u8]) -> Result<Vec<Arc<SigningKey>>, ProviderError> {
    usable(serde_json::from_slice(document).map_err(form_error)?)
}

fn usable(set: JwkSet) -> Result<Vec<Arc<SigningKey>>, ProviderError> {
    if set.keys.len() > KEYS_MAX {
        return Err(ProviderError::TooManyKeys);
    }
    Ok(set.keys.into_iter().filter_map(SigningKey::from_jwk).map(Arc::new).collect())
}

fn form_error(error: serde_json::Error) -> ProviderError {
    ProviderError::Form(Arc::new(error))
}
