//! Keys of tenants: API keys, data keys, KMS keys.

mod api_key;
mod data_key;
mod key_act;
mod kms_key;
mod rewrap;

use kernel::{Mode, Slug};
use serde::{Deserialize, Serialize};

pub use api_key::{ApiKeyRotation, ApiKeyRotationRequest, NewApiKey};
pub(super) use data_key::rotate_data_keys;
pub(super) use key_act::{KeyAct, act_on_kms_key, change_kms_key};
pub use kms_key::KmsKey;

use super::{ControlError, Environment, Refusal, Tenant, operation::Run};

/// Which environments of a tenant an operation is about: the input that is stored with it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Scope {
    /// Both when absent.
    mode: Option<Mode>,
}

impl Scope {
    fn read(parameters: serde_json::Value) -> Result<Self, ControlError> {
        serde_json::from_value(parameters)
            .map_err(|_| ControlError::Corrupt { table: "platform.operation", what: "parameters" })
    }

    fn environments(self, tenant: &Tenant) -> impl Iterator<Item = &Environment> {
        tenant.environments.iter().filter(move |environment| self.mode.is_none_or(|mode| mode == environment.mode))
    }

    fn count(self) -> i32 {
        if self.mode.is_some() { 1 } else { 2 }
    }
}

/// The tenant an operation is about.
async fn target(run: &Run, slug: &str) -> Result<Tenant, ControlError> {
    let slug: Slug = slug.parse().map_err(|_| ControlError::Corrupt { table: "platform.operation", what: "target" })?;
    run.control.tenant(&slug).await
}

/// The environment's KMS key, which it has from step `key` on.
fn key_of(environment: &Environment) -> Result<keyring::EnvironmentKey, Refusal> {
    environment.environment_key().ok_or_else(|| {
        Refusal::conflict("tenant_provisioning", "The environment has no key yet: its tenant is being provisioned.")
    })
}

/// The slug typed again, which acts that cannot be undone ask for.
pub(super) fn check_confirmation(slug: &Slug, confirm: Option<&str>) -> Result<(), Refusal> {
    if confirm == Some(slug.as_str()) {
        return Ok(());
    }
    let message = "This cannot be undone: name the tenant's slug in `confirm`.";
    Err(Refusal::invalid("confirmation_required", "confirm", message)
        .with_hint(format!("On the command line `--confirm={slug}`."))
        .about(slug.as_str()))
}
