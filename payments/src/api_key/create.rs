//! Makes a secret key.

use entity::tenant::api_key::ActiveModel;
use kernel::ApiKeyId;
use policies::{CreateApiKey, Permit, PolicySnapshot};
use sea_orm::ActiveValue::Set;
use secrecy::SecretString;
use tenancy::identity::{ApiKeySecret, Locator};
use time::OffsetDateTime;

use super::{ApiKey, Refusal, store};
use crate::{
    Context, Error, Failure,
    field::{self, InvalidField, Problem},
    role,
};

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 100;
/// Most keys of an environment.
const KEYS_MAX: u64 = 100;

/// A key to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyDraft {
    /// For people.
    pub name: String,
    /// What it may.
    pub role: String,
    /// Until when it is accepted; `None` is for ever.
    pub expires: Option<OffsetDateTime>,
}

/// A new key and its secret, which nobody can read again.
#[derive(Debug)]
pub struct CreatedApiKey {
    /// The key.
    pub key: ApiKey,
    /// The whole text of it, to be shown once.
    pub secret: SecretString,
}

/// Makes a secret key. Nobody gives it a role wider than his own.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateApiKey>,
    snapshot: &PolicySnapshot,
    draft: ApiKeyDraft,
) -> Result<CreatedApiKey, Error<Refusal>> {
    context.reach_all(permit)?;
    let now = context.now();
    let name = field::text("name", draft.name, NAME_CHARS_MAX).map_err(Refusal::Invalid)?;
    let expires = draft.expires.map(|expires| in_the_future(expires, now)).transpose().map_err(Refusal::Invalid)?;
    role::may_give(context.tx, snapshot, &permit.subject(), &draft.role)
        .await
        .map_err(|error| error.map_refusal(Refusal::Grant))?;
    if store::count(context.tx).await? >= KEYS_MAX {
        return Err(Refusal::LimitReached.into());
    }

    let environment = context.environment();
    let locator: Locator =
        environment.locator.parse().map_err(|_| Failure::Corrupt { table: "environment", column: "locator" })?;
    let secret = ApiKeySecret::generate(environment.mode, &locator, context.entropy);
    let id = ApiKeyId::generate(context.clock, context.entropy);
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        hash: Set(secret.hash().to_vec()),
        name: Set(name.clone()),
        role: Set(draft.role.clone()),
        last4: Set(secret.last4().to_owned()),
        created_at: Set(now),
        expires_at: Set(expires),
    };
    store::insert(context.tx, row).await?;
    let key = ApiKey {
        id,
        name,
        role: draft.role,
        last4: secret.last4().to_owned(),
        livemode: context.livemode(),
        created: now,
        expires,
    };
    Ok(CreatedApiKey { key, secret: SecretString::from(secret.expose()) })
}

fn in_the_future(expires: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, InvalidField> {
    if expires > now { Ok(expires) } else { Err(Problem::Malformed { expected: "a time in the future" }.of("expires")) }
}
