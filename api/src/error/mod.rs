//! The one error of the HTTP layer, in Stripe's shape.
//!
//! What a client reads and what an operator reads are separate: a cause is logged once, where the
//! response is made, and never shown.

mod fallback;
mod from_domain;

use std::{error::Error as StdError, fmt, sync::Arc};

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

pub use fallback::{method_not_allowed, panicked, route_missing};

/// Tells the official SDKs whether to send the same request again.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("stripe-should-retry");

/// The class of an error, as SDKs branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// Ours.
    ApiError,
    /// The key was used for another request.
    IdempotencyError,
    /// The client's.
    InvalidRequestError,
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorObject,
}

/// What went wrong, for programs (`type`, `code`, `param`) and for people (`message`).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorObject {
    /// The class of the error.
    #[serde(rename = "type")]
    pub kind: ErrorType,
    /// What programs branch on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What a person reads.
    pub message: String,
    /// The field at fault, in bracket notation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// How to mend it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The tenant it is about, in the staff API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// Whether the client should send the request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    /// Nothing is said: the status decides.
    Unsaid,
    /// Yes, after this many seconds.
    After(u32),
    /// No.
    Never,
}

/// An answer that is not a success.
#[derive(Clone)]
pub struct ApiError(Box<Parts>);

#[derive(Clone)]
struct Parts {
    status: StatusCode,
    object: ErrorObject,
    retry: Retry,
    /// For the log only.
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl fmt::Debug for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ApiError")
            .field("status", &self.0.status)
            .field("code", &self.0.object.code)
            .finish_non_exhaustive()
    }
}

impl ApiError {
    /// Any error; the shorthands below cover the usual ones.
    pub fn new(status: StatusCode, kind: ErrorType, code: Option<&str>, message: impl Into<String>) -> Self {
        let object = ErrorObject {
            kind,
            code: code.map(str::to_owned),
            message: message.into(),
            param: None,
            hint: None,
            tenant: None,
        };
        Self(Box::new(Parts { status, object, retry: Retry::Unsaid, cause: None }))
    }

    /// 400: the request cannot be carried out as it stands.
    pub fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorType::InvalidRequestError, Some(code), message)
    }

    /// 401: no credential that is accepted here. The same words for every reason that could say who exists.
    pub fn unauthenticated() -> Self {
        let message = "No valid credential was given. Send `Authorization: Bearer` with an API key or an access token.";
        Self::new(StatusCode::UNAUTHORIZED, ErrorType::InvalidRequestError, Some("authentication_required"), message)
    }

    /// 401: the credential was good once.
    pub fn expired(code: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, ErrorType::InvalidRequestError, Some(code), "The credential has expired.")
    }

    /// 403: the credential is good, its role does not suffice.
    pub fn forbidden() -> Self {
        let message = "The role of this credential does not permit the request.";
        Self::new(StatusCode::FORBIDDEN, ErrorType::InvalidRequestError, Some("permission_denied"), message)
    }

    /// 404: there is no such object, or none that may be seen. The id is not repeated, so that both are the same bytes.
    pub fn missing(object: &str, param: &str) -> Self {
        let code = Some("resource_missing");
        Self::new(StatusCode::NOT_FOUND, ErrorType::InvalidRequestError, code, format!("There is no such {object}."))
            .with_param(param)
    }

    /// 409: the request contradicts the present state.
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, ErrorType::InvalidRequestError, Some(code), message)
    }

    /// 429: too many requests.
    pub fn rate_limited(retry_after_seconds: u32) -> Self {
        let message = "Too many requests. Wait, then send the request again.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorType::InvalidRequestError, Some("rate_limit"), message)
            .retry_after(retry_after_seconds)
    }

    /// 500: our fault.
    pub fn internal() -> Self {
        let message = "Something went wrong on our side. The request id helps us to find it.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorType::ApiError, Some("internal_error"), message)
    }

    /// 503: something that is needed is away; nothing was changed.
    pub fn unavailable(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorType::ApiError, Some(code), message).retry_after(1)
    }

    /// Names the field at fault.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.0.object.param = Some(param.into());
        self
    }

    /// The same inside a part of the request: `amount` in `transfers[3]` is `transfers[3][amount]`.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        let param = self.0.object.param.as_deref().map_or_else(
            || part.to_owned(),
            |param| match param.split_once('[') {
                Some((first, rest)) => format!("{part}[{first}][{rest}"),
                None => format!("{part}[{param}]"),
            },
        );
        self.0.object.param = Some(param);
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.object.hint = Some(hint.into());
        self
    }

    /// Names the tenant it is about.
    #[must_use]
    pub fn with_tenant(mut self, slug: impl Into<String>) -> Self {
        self.0.object.tenant = Some(slug.into());
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Arc::new(cause));
        self
    }

    /// Asks the client to send the request again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry = Retry::After(seconds);
        self
    }

    /// Asks the client not to send the request again.
    #[must_use]
    pub fn never_retry(mut self) -> Self {
        self.0.retry = Retry::Never;
        self
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code that programs branch on.
    pub fn code(&self) -> &str {
        self.0.object.code.as_deref().unwrap_or("error")
    }

    /// The body as sent.
    pub fn body(&self) -> ErrorBody {
        ErrorBody { error: self.0.object.clone() }
    }

    /// Whether the operation itself decided this, so that a retry with the same key must hear it again.
    pub fn is_final_answer(&self) -> bool {
        self.0.status.is_client_error()
            && !matches!(self.0.status.as_u16(), 401 | 403 | 408 | 413 | 429)
            && self.0.object.kind == ErrorType::InvalidRequestError
    }

    /// Logs the cause. Done once, where the response is made; by hand where that has begun already.
    pub(crate) fn log(&self) {
        let causes = self.0.cause.as_ref().map(|cause| chain(cause.as_ref()));
        if self.0.status.is_server_error() {
            tracing::error!(status = self.0.status.as_u16(), code = self.code(), cause = causes, "request failed");
        } else {
            tracing::debug!(status = self.0.status.as_u16(), code = self.code(), cause = causes, "request refused");
        }
    }
}

/// An error and what it rests on, in one line.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let mut response = (self.0.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        match self.0.retry {
            Retry::Unsaid => {}
            Retry::After(seconds) => {
                headers.insert(SHOULD_RETRY, HeaderValue::from_static("true"));
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Retry::Never => {
                headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
            }
        }
        response
    }
}
