//! Secret keys of the environment. Only the hash of a key is stored; the key itself is shown once.

mod create;
mod delete;
mod list;
mod refusal;
mod store;

use entity::tenant::api_key::Model;
use kernel::ApiKeyId;
use time::OffsetDateTime;

pub use create::{ApiKeyDraft, CreatedApiKey, create};
pub use delete::delete;
pub use list::list;
pub use refusal::Refusal;

/// A secret key, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Identifier.
    pub id: ApiKeyId,
    /// For people.
    pub name: String,
    /// What it may.
    pub role: String,
    /// Its last four characters, by which people recognise it.
    pub last4: String,
    /// Whether it is of the live environment.
    pub livemode: bool,
    /// When it was made.
    pub created: OffsetDateTime,
    /// Until when it is accepted; `None` is for ever.
    pub expires: Option<OffsetDateTime>,
}

fn view(row: Model, livemode: bool) -> ApiKey {
    ApiKey {
        id: ApiKeyId::from_uuid(row.id),
        name: row.name,
        role: row.role,
        last4: row.last4,
        livemode,
        created: row.created_at,
        expires: row.expires_at,
    }
}
