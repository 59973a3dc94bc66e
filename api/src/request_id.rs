//! Every request has an id: made here, shown in the response, the log and the audit record.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderName, HeaderValue, request::Parts},
    middleware::Next,
    response::Response,
};
use kernel::{Clock, Entropy, RequestId};

/// The response header that carries it.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// What makes ids: the clock and the random source of the process.
#[derive(Clone, Debug)]
pub struct IdSource {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

/// The id of the request being handled.
#[derive(Clone, Copy, Debug)]
pub struct CurrentRequest(pub RequestId);

/// Gives the request its id. A client's own `Request-Id` is not taken over: it could be anybody's.
pub async fn assign(State(source): State<IdSource>, mut request: Request, next: Next) -> Response {
    let id = RequestId::generate(source.clock.as_ref(), source.entropy.as_ref());
    request.extensions_mut().insert(CurrentRequest(id));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // Absent only if a router was served without the middleware; the nil id shows that in the log.
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(RequestId::from_uuid(uuid::Uuid::nil()))))
    }
}
