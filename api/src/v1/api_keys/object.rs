//! The API key as the API shows it.

use kernel::ApiKeyId;
use payments::api_key;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::call::Target;

/// A secret key, without the secret.
#[derive(Serialize, ToSchema)]
pub struct ApiKey {
    /// Identifier.
    #[schema(value_type = String)]
    id: ApiKeyId,
    /// Always `api_key`.
    object: &'static str,
    /// For people.
    name: String,
    /// What it may.
    role: String,
    /// Its last four characters.
    last4: String,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was made, in Unix seconds.
    created: i64,
    /// Until when it is accepted, in Unix seconds.
    expires: Option<i64>,
}

/// A new key, with the secret that is shown this once.
#[derive(Serialize, ToSchema)]
pub struct CreatedApiKey {
    /// The key.
    #[serde(flatten)]
    key: ApiKey,
    /// What to send as the bearer; it is stored nowhere.
    #[serde(serialize_with = "show_once")]
    #[schema(value_type = String)]
    secret: SecretString,
}

fn show_once<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

impl From<api_key::ApiKey> for ApiKey {
    fn from(key: api_key::ApiKey) -> Self {
        Self {
            id: key.id,
            object: "api_key",
            name: key.name,
            role: key.role,
            last4: key.last4,
            livemode: key.livemode,
            created: key.created.unix_timestamp(),
            expires: key.expires.map(time::OffsetDateTime::unix_timestamp),
        }
    }
}

impl From<api_key::CreatedApiKey> for CreatedApiKey {
    fn from(created: api_key::CreatedApiKey) -> Self {
        Self { key: created.key.into(), secret: created.secret }
    }
}

impl Target for CreatedApiKey {
    fn target(&self) -> String {
        self.key.id.to_string()
    }
}
