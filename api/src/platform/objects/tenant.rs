//! A tenant.

use kernel::{EnvironmentId, Mode, Slug, TenantId};
use serde::Serialize;
use tenancy::provisioning::{self, IssuerSpec};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::described::Issuer;

/// A tenant, whatever its status.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tenant {
    /// Always `tenant`.
    object: &'static str,
    /// Identifier.
    #[schema(value_type = String)]
    id: TenantId,
    /// Short name.
    #[schema(value_type = String)]
    slug: Slug,
    /// Display name.
    name: String,
    /// Commercial plan.
    plan: String,
    /// `provisioning`, `active`, `suspended` or `offboarded`.
    status: &'static str,
    /// Who vouches for its people.
    #[schema(value_type = Issuer)]
    issuer: IssuerSpec,
    /// Live, then test.
    environments: Vec<Environment>,
    /// Grows with every change.
    revision: i64,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

/// A tenant's live or test side.
#[derive(Debug, Serialize, ToSchema)]
pub struct Environment {
    /// Identifier.
    #[schema(value_type = String)]
    id: EnvironmentId,
    /// `live` or `test`.
    #[schema(value_type = String)]
    mode: Mode,
    /// How far provisioning has come: `requested`, `role`, `schema`, `migrated`, `key`, `policies`, `active`.
    state: &'static str,
    /// Name of its schema and of its role.
    schema: String,
    /// Newest migration applied.
    schema_version: Option<String>,
    /// Its KMS key, once it has one.
    key: Option<EnvironmentKey>,
    /// The part of its API keys that finds it.
    locator: String,
}

/// An environment's KMS key.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvironmentKey {
    /// `local`, `aws` or `vault`.
    provider: &'static str,
    /// What the provider calls it.
    reference: String,
    /// `enabled`, `disabled`, `pending_destruction` or `destroyed`, as last recorded.
    state: Option<&'static str>,
}

impl From<provisioning::Tenant> for Tenant {
    fn from(tenant: provisioning::Tenant) -> Self {
        Self {
            object: "tenant",
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
            plan: tenant.plan,
            status: tenant.status.as_str(),
            issuer: tenant.issuer,
            environments: tenant.environments.into_iter().map(Environment::from).collect(),
            revision: tenant.revision,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

impl From<provisioning::Environment> for Environment {
    fn from(environment: provisioning::Environment) -> Self {
        let state = environment.key_state.map(keyring::KeyState::as_str);
        Self {
            id: environment.id,
            mode: environment.mode,
            state: environment.state.as_str(),
            schema: environment.schema.to_string(),
            schema_version: environment.schema_version,
            key: environment.key.map(|key| EnvironmentKey {
                provider: key.provider().as_str(),
                reference: key.reference().to_owned(),
                state,
            }),
            locator: environment.locator,
        }
    }
}
