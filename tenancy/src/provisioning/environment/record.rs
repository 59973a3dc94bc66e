//! An environment as the control plane sees it, whatever its state.

use entity::platform::environment;
use kernel::{EnvironmentId, Mode, TenantId};
use keyring::{EnvironmentKey, KeyOwner, KeyReference, KeyState};
use time::OffsetDateTime;

use crate::{
    SchemaName,
    provisioning::{ControlError, operation::words},
};

words! {
    /// How far an environment has come.
    EnvironmentState in "platform.environment" {
        /// It has a name and nothing else.
        Requested = "requested",
        /// Its role exists.
        Role = "role",
        /// Its schema exists.
        Schema = "schema",
        /// Its tables exist.
        Migrated = "migrated",
        /// Its keys exist.
        Key = "key",
        /// Its first members are in.
        Policies = "policies",
        /// It serves requests.
        Active = "active",
    }
}

impl EnvironmentState {
    /// What comes after.
    pub fn next(self) -> Option<Self> {
        let position = Self::ALL.iter().position(|state| *state == self)?;
        Self::ALL.get(position.saturating_add(1)).copied()
    }

    /// Whether its tables exist.
    pub const fn has_tables(self) -> bool {
        matches!(self, Self::Migrated | Self::Key | Self::Policies | Self::Active)
    }
}

/// An environment, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Identifier.
    pub id: EnvironmentId,
    /// Whose.
    pub tenant: TenantId,
    /// Live or test.
    pub mode: Mode,
    /// The part of its API keys that finds it.
    pub locator: String,
    /// Schema and role.
    pub schema: SchemaName,
    /// How far it has come.
    pub state: EnvironmentState,
    /// The newest migration applied.
    pub schema_version: Option<String>,
    /// Its KMS key, once it has one.
    pub key: Option<KeyReference>,
    /// What was last recorded of that key.
    pub key_state: Option<KeyState>,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
}

impl Environment {
    /// Whose key it is, for the keyring.
    pub const fn owner(&self) -> KeyOwner {
        KeyOwner { tenant: self.tenant, environment: self.id }
    }

    /// Its key, for the keyring.
    pub fn environment_key(&self) -> Option<EnvironmentKey> {
        let reference = self.key.clone()?;
        Some(EnvironmentKey { tenant: self.tenant, environment: self.id, reference })
    }
}

fn corrupt(what: &'static str) -> ControlError {
    ControlError::Corrupt { table: "platform.environment", what }
}

impl TryFrom<environment::Model> for Environment {
    type Error = ControlError;

    fn try_from(row: environment::Model) -> Result<Self, ControlError> {
        let key = match (row.key_provider, row.key_reference) {
            (Some(provider), Some(reference)) => {
                let provider = provider.parse().map_err(|_| corrupt("key_provider"))?;
                Some(KeyReference::try_new(provider, &reference).map_err(|_| corrupt("key_reference"))?)
            }
            _ => None,
        };
        Ok(Self {
            id: EnvironmentId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            mode: row.mode.parse().map_err(|_| corrupt("mode"))?,
            locator: row.locator,
            schema: row.schema_name.parse().map_err(|_| corrupt("schema_name"))?,
            state: row.state.parse()?,
            schema_version: row.schema_version,
            key,
            key_state: row.key_state.as_deref().map(key_state).transpose()?,
            created_at: row.created_at,
        })
    }
}

fn key_state(word: &str) -> Result<KeyState, ControlError> {
    let known =
        [KeyState::Enabled, KeyState::Disabled, KeyState::PendingDestruction { due_at: None }, KeyState::Destroyed];
    known.into_iter().find(|state| state.as_str() == word).ok_or_else(|| corrupt("key_state"))
}
