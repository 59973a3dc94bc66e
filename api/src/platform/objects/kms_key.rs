//! A KMS key.

use kernel::{EnvironmentId, Mode};
use serde::Serialize;
use tenancy::provisioning;
use utoipa::ToSchema;

/// The KMS key of an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct KmsKey {
    /// Always `kms_key`.
    object: &'static str,
    /// Of which environment.
    #[schema(value_type = String)]
    environment: EnvironmentId,
    /// `live` or `test`.
    #[schema(value_type = String)]
    mode: Mode,
    /// `local`, `aws` or `vault`.
    provider: &'static str,
    /// What the provider calls it.
    reference: String,
    /// What is recorded, and decides what the API does: `enabled`, `disabled`, `pending_destruction` or `destroyed`.
    state: Option<&'static str>,
    /// What the provider says now.
    provider_state: Option<&'static str>,
    /// Why the provider says nothing.
    provider_error: Option<String>,
    /// Whether the merchant brought it.
    brought: bool,
}

impl From<provisioning::KmsKey> for KmsKey {
    fn from(key: provisioning::KmsKey) -> Self {
        let (provider_state, provider_error) = match key.actual {
            Ok(state) => (Some(state.as_str()), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self {
            object: "kms_key",
            environment: key.environment,
            mode: key.mode,
            provider: key.reference.provider().as_str(),
            reference: key.reference.reference().to_owned(),
            state: key.recorded.map(keyring::KeyState::as_str),
            provider_state,
            provider_error,
            brought: key.brought,
        }
    }
}
