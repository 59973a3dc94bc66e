//! `POST /v1/api_keys`

use axum::response::Response;
use payments::api_key::{self, ApiKeyDraft};
use policies::CreateApiKey;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::CreatedApiKey;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, ParameterError, Problem},
};

/// What the key is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKeyBody {
    /// For people.
    name: String,
    /// A role that the caller holds at least as widely himself.
    role: String,
    /// Until when it is accepted, in Unix seconds; for ever when absent.
    expires: Option<i64>,
}

/// Makes a secret key. The secret is in this answer and nowhere else; a repeat with the same key shows it again.
#[utoipa::path(
    post, path = "/v1/api_keys", tag = "api_keys", request_body = CreateApiKeyBody, params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = CreatedApiKey), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateApiKeyBody>) -> Result<Response, ApiError> {
    let permit = caller.permit::<CreateApiKey>(&caller.attributes()).await?;
    let snapshot = caller.snapshot().await?;
    let CreateApiKeyBody { name, role, expires } = body.value;
    let expires = expires
        .map(OffsetDateTime::from_unix_timestamp)
        .transpose()
        .map_err(|_| ParameterError::of("expires", Problem::Invalid("not a time in Unix seconds".to_owned())))?;
    // The stored answer repeats the secret, so it is sealed.
    let keys = caller.keys().await;
    keys.get().map_err(ApiError::from)?;
    let draft = ApiKeyDraft { name, role, expires };
    caller
        .write(permit, keys, &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(CreatedApiKey::from(api_key::create(&context, permit, &snapshot, draft).await?)) })
        })
        .await
}
