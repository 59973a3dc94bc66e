//! The KMS keys of a tenant: looked at, rotated, switched off and on, destroyed.

use kernel::{EnvironmentId, Mode, Slug};
use keyring::{KeyReference, KeyState, KeyringError};
use serde_json::{Value, json};

use super::{Scope, check_confirmation};
use crate::provisioning::{
    Change, ControlError, ControlPlane, OperationKind, OperationState, Refusal, Reply, StaffCall, Tenant, TenantStatus,
    Written, audit::Target, operation::NewOperation, tenant::wrong_status,
};

/// A tenant's KMS key: what the control plane recorded, and what the provider says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsKey {
    /// Of which environment.
    pub environment: EnvironmentId,
    /// Live or test.
    pub mode: Mode,
    /// The key.
    pub reference: KeyReference,
    /// Whether the merchant brought it.
    pub brought: bool,
    /// What is recorded, and decides what the API does.
    pub recorded: Option<KeyState>,
    /// What the provider says, or why it says nothing.
    pub actual: Result<KeyState, KeyringError>,
}

impl ControlPlane {
    /// The KMS keys of both environments.
    pub async fn kms_keys(&self, slug: &Slug) -> Result<Vec<KmsKey>, ControlError> {
        let tenant = self.tenant(slug).await?;
        let mut keys = Vec::new();
        for environment in &tenant.environments {
            let Some(key) = environment.environment_key() else { continue };
            keys.push(KmsKey {
                environment: environment.id,
                mode: environment.mode,
                brought: tenant.spec.own_key(environment.mode).is_some(),
                recorded: environment.key_state,
                actual: self.keyring().key_state(&key).await,
                reference: key.reference,
            });
        }
        Ok(keys)
    }

    /// Makes a new version of the KMS key and wraps the data keys under it.
    pub async fn rotate_kms_key(
        &self,
        call: &StaffCall,
        slug: &Slug,
        mode: Mode,
    ) -> Result<Reply<KmsKey>, ControlError> {
        self.change(call, slug, mode, OperationKind::KmsKeyRotate, "rotated").await
    }

    /// Switches the KMS key off: what needs it answers 503 until it is enabled.
    pub async fn disable_kms_key(
        &self,
        call: &StaffCall,
        slug: &Slug,
        mode: Mode,
    ) -> Result<Reply<KmsKey>, ControlError> {
        call.required_reason()?;
        self.change(call, slug, mode, OperationKind::KmsKeyDisable, "disabled").await
    }

    /// Switches it on again, also when its destruction was scheduled.
    pub async fn enable_kms_key(
        &self,
        call: &StaffCall,
        slug: &Slug,
        mode: Mode,
    ) -> Result<Reply<KmsKey>, ControlError> {
        self.change(call, slug, mode, OperationKind::KmsKeyEnable, "enabled").await
    }

    /// Destroys it, and with it everything sealed in the environment.
    pub async fn destroy_kms_key(
        &self,
        call: &StaffCall,
        slug: &Slug,
        mode: Mode,
        confirm: Option<&str>,
    ) -> Result<Reply<KmsKey>, ControlError> {
        call.required_reason()?;
        check_confirmation(slug, confirm)?;
        self.change(call, slug, mode, OperationKind::KmsKeyDestroy, "destroyed").await
    }

    async fn change(
        &self,
        call: &StaffCall,
        slug: &Slug,
        mode: Mode,
        kind: OperationKind,
        done: &'static str,
    ) -> Result<Reply<KmsKey>, ControlError> {
        call.check()?;
        let tenant = self.tenant(slug).await?;
        check_change(&tenant, mode, kind)?;
        let current = tenant.environment(mode).and_then(|environment| environment.key_state);
        let settled = match kind {
            OperationKind::KmsKeyDisable => current == Some(KeyState::Disabled),
            OperationKind::KmsKeyEnable => current == Some(KeyState::Enabled),
            OperationKind::KmsKeyDestroy => current == Some(KeyState::Destroyed),
            _ => false,
        };
        if call.dry_run {
            let change = Change::of(done_to_verb(kind), slug.as_str()).field("kms_key", Value::Null, mode.as_str());
            return Ok(Reply::Planned(if settled { Vec::new() } else { vec![change] }));
        }
        if settled {
            return Ok(Reply::Written(Written::unchanged(self.kms_key(slug, mode).await?, None)));
        }
        let scope = Scope { mode: Some(mode) };
        let new = NewOperation {
            kind,
            target: slug.as_str(),
            parameters: json!(scope),
            steps_total: Some(if kind == OperationKind::KmsKeyRotate { 2 } else { 1 }),
            state: OperationState::Pending,
            result: None,
        };
        let id = self.begin_operation(call, &new, Target::Tenant(slug)).await?;
        self.ended(id, slug).await?;
        let object = self.kms_key(slug, mode).await?;
        Ok(Reply::Written(Written { changed: true, action: done, object, operation: Some(id) }))
    }

    async fn kms_key(&self, slug: &Slug, mode: Mode) -> Result<KmsKey, ControlError> {
        let keys = self.kms_keys(slug).await?;
        let missing = || Refusal::conflict("tenant_provisioning", "The environment has no key yet.");
        keys.into_iter().find(|key| key.mode == mode).ok_or_else(|| missing().about(slug.as_str()).into())
    }
}

fn done_to_verb(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::KmsKeyDisable => "disable",
        OperationKind::KmsKeyEnable => "enable",
        OperationKind::KmsKeyDestroy => "destroy",
        _ => "rotate",
    }
}

fn check_change(tenant: &Tenant, mode: Mode, kind: OperationKind) -> Result<(), Refusal> {
    let fits = match tenant.status {
        TenantStatus::Active | TenantStatus::Suspended => true,
        TenantStatus::Offboarded => matches!(kind, OperationKind::KmsKeyDisable | OperationKind::KmsKeyDestroy),
        TenantStatus::Provisioning => false,
    };
    if !fits {
        return Err(wrong_status(tenant));
    }
    if tenant.spec.own_key(mode).is_some() && matches!(kind, OperationKind::KmsKeyRotate | OperationKind::KmsKeyDestroy)
    {
        let message = "The merchant brought this key: only the merchant rotates or destroys it.";
        return Err(Refusal::conflict("key_brought", message).about(tenant.slug.as_str()));
    }
    Ok(())
}
