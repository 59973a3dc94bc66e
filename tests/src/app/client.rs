//! An HTTP client with one credential, and the answers it gets.

use std::time::Duration;

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

/// Longest wait for an answer; whatever takes longer has failed.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Sends requests to one server with one credential.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    authorization: Option<String>,
}

/// A request besides its method and path.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    pub body: Option<Value>,
    /// Sent as it is, as JSON unless a header says otherwise.
    pub raw_body: Option<String>,
    pub key: Option<String>,
    pub headers: Vec<(String, String)>,
}

/// A complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Client {
    /// Without a credential.
    pub fn anonymous(base: &str) -> Self {
        let http = reqwest::Client::builder().timeout(TIMEOUT).pool_max_idle_per_host(64).build().unwrap();
        Self { http, base: base.to_owned(), authorization: None }
    }

    /// The same connections with a bearer text.
    #[must_use]
    pub fn with_bearer(&self, bearer: &str) -> Self {
        self.with_authorization(&format!("Bearer {bearer}"))
    }

    /// The same connections with any `Authorization`.
    #[must_use]
    pub fn with_authorization(&self, value: &str) -> Self {
        Self { authorization: Some(value.to_owned()), ..self.clone() }
    }

    /// The same credential at another server.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// What it sends as `Authorization`.
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Sends, and hands a broken connection to the caller.
    pub async fn try_send(&self, method: &str, path: &str, extras: Extras) -> Result<Answer, reqwest::Error> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(value) = &self.authorization {
            request = request.header("authorization", value);
        }
        if let Some(key) = &extras.key {
            request = request.header("idempotency-key", key);
        }
        for (name, value) in &extras.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &extras.body {
            request = request.json(body);
        }
        if let Some(text) = extras.raw_body {
            if !extras.headers.iter().any(|(name, _)| name == "content-type") {
                request = request.header("content-type", "application/json");
            }
            request = request.body(text);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }

    pub async fn send(&self, method: &str, path: &str, extras: Extras) -> Answer {
        self.try_send(method, path, extras).await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Extras::default()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, Extras::default()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Extras { body: Some(body), ..Extras::default() }).await
    }

    /// A body as it stands, be it JSON or not.
    pub async fn post_text(&self, path: &str, text: &str) -> Answer {
        self.send("POST", path, Extras { raw_body: Some(text.to_owned()), ..Extras::default() }).await
    }

    /// A write that may be repeated.
    pub async fn post_keyed(&self, path: &str, key: &str, body: Value) -> Answer {
        self.try_post_keyed(path, key, body).await.unwrap_or_else(|error| panic!("POST {path}: {error:?}"))
    }

    /// A write that may be repeated, over a connection that may break.
    pub async fn try_post_keyed(&self, path: &str, key: &str, body: Value) -> Result<Answer, reqwest::Error> {
        let extras = Extras { body: Some(body), key: Some(key.to_owned()), ..Extras::default() };
        self.try_send("POST", path, extras).await
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {} {:?}", self.status, self.text))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "expected a success: {}", self.text);
        self.json()
    }

    /// The id of the object of a success.
    #[track_caller]
    pub fn id(&self) -> String {
        self.ok()["id"].as_str().expect("an object has an id").to_owned()
    }

    /// The `error` object of a refusal with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let error = self.error();
        assert_eq!((self.status, error["code"].as_str().unwrap_or_default()), (status, code), "{}", self.text);
        error
    }

    /// The `error` object, checked for its shape.
    #[track_caller]
    pub fn error(&self) -> Value {
        assert!(self.status >= 400, "expected a refusal: {} {}", self.status, self.text);
        let body = self.json();
        let error = body.get("error").unwrap_or_else(|| panic!("no `error` in {} {}", self.status, self.text));
        let fields = body.as_object().expect("an object");
        assert_eq!(fields.len(), 1, "only `error`: {}", self.text);
        for (name, required) in [("type", true), ("message", true), ("code", false), ("param", false)] {
            match error.get(name) {
                Some(value) => assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{name}: {}", self.text),
                None => assert!(!required, "`{name}` is missing: {}", self.text),
            }
        }
        let kinds = ["api_error", "idempotency_error", "invalid_request_error"];
        assert!(kinds.contains(&error["type"].as_str().unwrap()), "{}", self.text);
        error.clone()
    }

    /// `error.code`, or nothing.
    pub fn code(&self) -> Option<String> {
        self.field("code")
    }

    /// `error.param`, or nothing.
    pub fn param(&self) -> Option<String> {
        self.field("param")
    }

    fn field(&self, name: &str) -> Option<String> {
        let body: Value = serde_json::from_str(&self.text).ok()?;
        body["error"][name].as_str().map(str::to_owned)
    }

    /// A response header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
