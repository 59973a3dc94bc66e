//! The layers around every route, in order, once.

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::time::{Duration, Instant};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use crate::{
    ApiError,
    error::{ErrorType, method_not_allowed, panicked, route_missing},
    request_id::{self, CurrentRequest, IdSource},
};

/// Longest time a handler may take before the client is told that it takes too long. Its unit of work runs on.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(30);

/// Sent with every response. The API serves no documents to a browser, so nothing may be loaded or framed.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Wraps a finished router. The first line is the outermost layer. They are put around it as one: each by itself would
/// cost every request a detour over the heap.
pub fn around(router: Router, ids: IdSource) -> Router {
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(ids, request_id::assign))
        .layer(middleware::from_fn(trace))
        .map_response(secure)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(limit_time));
    router.fallback(route_missing).method_not_allowed_fallback(method_not_allowed).layer(layers)
}

/// Adds the headers that a handler has not set otherwise.
fn secure<B>(mut response: Response<B>) -> Response<B> {
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn limit_time(request: Request, next: Next) -> Response {
    let Ok(response) = tokio::time::timeout(HANDLER_TIMEOUT, next.run(request)).await else {
        let message = "The request takes longer than we let a client wait. It may still be carried out: \
                       send it again with the same Idempotency-Key to learn what became of it.";
        let status = StatusCode::GATEWAY_TIMEOUT;
        return ApiError::new(status, ErrorType::ApiError, Some("timeout"), message).retry_after(1).into_response();
    };
    response
}

/// One span and one line of log per request: route, status and time, never a path, query, header or body.
async fn trace(request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<CurrentRequest>().map(|current| tracing::field::display(current.0));
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request_id,
        method = %request.method(),
        route,
        tenant = tracing::field::Empty,
        environment = tracing::field::Empty,
        actor = tracing::field::Empty,
    );
    let started = Instant::now();
    let respond = async move {
        let response = next.run(request).await;
        let duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(status = response.status().as_u16(), duration_us, "answered");
        response
    };
    respond.instrument(span).await
}
