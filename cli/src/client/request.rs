//! What is asked of the control plane.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::{arguments::RequestKey, failure::Failure, host};

/// The query of a read.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadQuery(Vec<(&'static str, String)>);

impl ReadQuery {
    /// Adds a parameter.
    pub(crate) fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.0.push((name, value.to_string()));
        self
    }

    /// Adds a parameter if there is a value.
    pub(crate) fn with_some(self, name: &'static str, value: Option<&impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        self.0.clone()
    }
}

/// A request that changes something, or would.
#[derive(Debug)]
pub(crate) struct WriteRequest<'a> {
    /// Behind `/platform/v1`.
    pub(crate) path: String,
    /// The JSON body.
    pub(crate) body: Value,
    /// Its name, for repeats.
    pub(crate) key: &'a RequestKey,
    /// Why.
    pub(crate) reason: Option<&'a str>,
    /// Only compute what would change.
    pub(crate) dry_run: bool,
}

impl WriteRequest<'_> {
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        if self.dry_run { vec![("dry_run", "true".to_owned())] } else { Vec::new() }
    }

    pub(super) fn headers(&self) -> Result<HeaderMap, Failure> {
        let host = host::name();
        let mut headers = HeaderMap::new();
        let pairs = [
            ("idempotency-key", Some(self.key.as_str())),
            ("tessera-reason", self.reason),
            ("tessera-host", Some(host.as_str())),
        ];
        for (name, value) in pairs {
            if let Some(text) = value {
                // A reason may be in any language: its UTF-8 bytes are a legal header value.
                let value = HeaderValue::from_bytes(text.as_bytes())
                    .map_err(|_| Failure::usage(format!("`{text}` cannot be sent as {name}")))?;
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        Ok(headers)
    }
}
