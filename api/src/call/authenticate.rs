//! From the `Authorization` header to a [`Caller`].

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, header::AUTHORIZATION, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use policies::Country;
use tenancy::{
    TenantScope,
    idempotency::{IdempotencyKey, KEY_LENGTH_MAX},
};

use super::Caller;
use crate::{Api, ApiError, rate_limit::Verdict, request_id::CurrentRequest};

/// The request header that makes a write repeatable.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Ok(CurrentRequest(request)) = CurrentRequest::from_request_parts(parts, api).await;
        let credential = credential(&parts.headers)?;
        let scope = api.resolver.resolve_bearer(&credential).await?;
        note(&scope);
        limit(api, &scope).await?;
        Ok(Self {
            api: api.clone(),
            scope,
            request,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            country: country(&parts.headers, api.country_header.as_ref()),
            idempotency_key: idempotency_key(&parts.headers)?,
        })
    }
}

/// The bearer text, or the user name of Basic authentication with an empty password (as `curl -u sk_…:` sends it).
fn credential(headers: &HeaderMap) -> Result<String, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(ApiError::unauthenticated()) };
    let text = value.to_str().map_err(|_| ApiError::unauthenticated())?;
    let (scheme, rest) = text.split_once(' ').ok_or_else(ApiError::unauthenticated)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(ApiError::unauthenticated());
    }
    let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let user = decoded.as_deref().and_then(|text| text.strip_suffix(':')).ok_or_else(ApiError::unauthenticated)?;
    Ok(user.to_owned())
}

/// The country that the trusted proxy names. What is no country (`T1`, `XX`) or is named twice is unknown, and
/// meets no condition.
fn country(headers: &HeaderMap, name: Option<&HeaderName>) -> Option<Country> {
    let mut values = headers.get_all(name?).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok()?.to_ascii_lowercase().parse().ok()
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().and_then(|text| IdempotencyKey::parse(text).ok());
    key.map(Some).ok_or_else(|| {
        let message = format!("An Idempotency-Key has 1 to {KEY_LENGTH_MAX} printable ASCII characters.");
        ApiError::invalid("parameter_invalid", message).with_param("Idempotency-Key")
    })
}

/// Names tenant and actor in the request's span, by id only.
fn note(scope: &TenantScope) {
    let environment = scope.environment();
    tracing::record_all!(
        tracing::Span::current(),
        tenant = %environment.slug,
        environment = %environment.id,
        actor = scope.actor().kind()
    );
}

async fn limit(api: &Api, scope: &TenantScope) -> Result<(), ApiError> {
    let actor = scope.actor();
    let credential = format!("{}:{}", actor.kind(), actor.id());
    match api.limiter.check(scope.environment().id, &credential).await {
        Verdict::Allowed => Ok(()),
        Verdict::Limited(wait) => {
            let seconds = u32::try_from(wait.as_secs().saturating_add(1)).unwrap_or(u32::MAX);
            Err(ApiError::rate_limited(seconds))
        }
    }
}
