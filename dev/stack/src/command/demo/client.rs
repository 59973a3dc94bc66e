//! Somebody who talks to the payment API.

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::narrator::say;

/// A credential and where to send it.
pub(super) struct Client {
    who: String,
    url: String,
    credential: String,
    http: reqwest::Client,
}

/// What came back.
pub(super) struct Reply {
    pub(super) text: String,
}

impl Reply {
    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("the API answered no JSON: {}", self.text))
    }

    /// A text of the body.
    pub(super) fn text_at(&self, pointer: &str) -> Result<String> {
        let value = self.json()?;
        let found = value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        found.with_context(|| format!("the answer has no {pointer}: {}", self.text))
    }

    /// A number of the body.
    pub(super) fn number_at(&self, pointer: &str) -> Result<i64> {
        let found = self.json()?.pointer(pointer).and_then(Value::as_i64);
        found.with_context(|| format!("the answer has no {pointer}: {}", self.text))
    }
}

impl Client {
    /// `who` is for the reader.
    pub(super) fn new(who: impl Into<String>, url: impl Into<String>, credential: impl Into<String>) -> Self {
        let http = reqwest::Client::new();
        Self { who: who.into(), url: url.into(), credential: credential.into(), http }
    }

    /// Reads.
    pub(super) async fn get(&self, path: &str, expected: StatusCode) -> Result<Reply> {
        self.send(Method::GET, path, None, expected).await
    }

    /// Writes, once however often it is sent with the same key.
    pub(super) async fn post(&self, path: &str, body: &Value, key: &str, expected: StatusCode) -> Result<Reply> {
        self.send(Method::POST, path, Some((body, key)), expected).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        write: Option<(&Value, &str)>,
        expected: StatusCode,
    ) -> Result<Reply> {
        let mut request =
            self.http.request(method.clone(), format!("{}{path}", self.url)).bearer_auth(&self.credential);
        if let Some((body, key)) = write {
            request = request.header("Idempotency-Key", key).json(body);
        }
        let response = request.send().await.with_context(|| format!("cannot reach {}", self.url))?;
        let status = response.status();
        let text = response.text().await.context("the API's answer broke off")?;
        say(&format!("{:<12} {method:<4} {path} → {}", self.who, status.as_u16()));
        if status != expected {
            bail!("{method} {path} should have answered {}: {text}", expected.as_u16());
        }
        Ok(Reply { text })
    }
}
