//! New API keys, with their secrets.

use std::fmt;

use kernel::{ApiKeyId, Mode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};
use tenancy::provisioning;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The API keys that were made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyRotation {
    /// Always `api_key_rotation`.
    object: &'static str,
    /// One per environment that got one.
    keys: Vec<RotatedApiKey>,
}

/// A new API key. Its secret is in this answer and nowhere else; a repeat of the request shows null.
#[derive(Serialize, ToSchema)]
pub struct RotatedApiKey {
    /// `live` or `test`.
    #[schema(value_type = String)]
    mode: Mode,
    /// Identifier.
    #[schema(value_type = String)]
    id: ApiKeyId,
    /// The key itself.
    #[schema(value_type = Option<String>)]
    secret: Option<ShownOnce>,
    /// Until when the keys before are accepted, if there were any.
    #[serde(with = "time::serde::rfc3339::option")]
    expires_previous_at: Option<OffsetDateTime>,
}

/// A secret on its one way out.
struct ShownOnce(SecretString);

impl Serialize for ShownOnce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl fmt::Debug for RotatedApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RotatedApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<provisioning::ApiKeyRotation> for ApiKeyRotation {
    fn from(rotation: provisioning::ApiKeyRotation) -> Self {
        let keys = rotation.keys.into_iter().map(|key| RotatedApiKey {
            mode: key.mode,
            id: key.id,
            secret: key.secret.map(|secret| ShownOnce(SecretString::from(secret.expose()))),
            expires_previous_at: key.expires_previous_at,
        });
        Self { object: "api_key_rotation", keys: keys.collect() }
    }
}
