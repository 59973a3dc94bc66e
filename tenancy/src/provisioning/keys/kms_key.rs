//! The KMS keys of a tenant: looked at, rotated, switched off and on, destroyed.

use entity::tenant::data_key;
use kernel::{DataKeyId, EnvironmentId, Mode, Slug};
use keyring::{EnvironmentKey, KeyReference, KeyState, KeyringError, ProviderKind, WrappedDataKey};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Scope, check_confirmation, key_of, target};
use crate::{
    hints::{Hint, HintKind},
    provisioning::{
        Change, ControlError, ControlPlane, Environment, OperationKind, OperationState, Refusal, Reply, StaffCall,
        Tenant, TenantStatus, Written,
        audit::Target,
        operation::{Ending, Label, Moment, NewOperation, Run, StepOutcome, retrying},
        sql::execute,
        tenant::{enter, wrong_status},
    },
};

/// Shortest wait that AWS KMS knows between the order and the destruction.
const DESTRUCTION_DAYS: u16 = 7;
const RECORD: &str = "\
UPDATE platform.environment SET key_state = $2, updated_at = $3 WHERE id = $1";
const REWRAP: &str = "UPDATE data_key SET wrapped = $2, key_provider = $3, key_reference = $4 WHERE id = $1";

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

/// What is done to a KMS key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provisioning) enum KeyAct {
    Rotate,
    Disable,
    Enable,
    /// Now where the provider can, otherwise after this many days.
    Destroy {
        days: u16,
    },
    /// As `Destroy`, but always with a delay, or not at all where the provider knows none.
    Retire {
        days: u16,
    },
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

/// The operation's work.
pub(in crate::provisioning) async fn change_kms_key(
    run: &Run,
    kind: OperationKind,
    slug: &str,
    parameters: Value,
) -> Result<Ending, ControlError> {
    let tenant = target(run, slug).await?;
    let act = match kind {
        OperationKind::KmsKeyDisable => KeyAct::Disable,
        OperationKind::KmsKeyEnable => KeyAct::Enable,
        OperationKind::KmsKeyDestroy => KeyAct::Destroy { days: DESTRUCTION_DAYS },
        _ => KeyAct::Rotate,
    };
    for environment in Scope::read(parameters)?.environments(&tenant) {
        act_on_kms_key(run, &tenant, environment, act).await?;
        if act == KeyAct::Rotate {
            rewrap(run, &tenant, environment).await?;
        }
    }
    Ok(Ending::success())
}

/// One step: the provider first, then the record of it.
pub(in crate::provisioning) async fn act_on_kms_key(
    run: &Run,
    tenant: &Tenant,
    environment: &Environment,
    act: KeyAct,
) -> Result<(), ControlError> {
    let name = match act {
        KeyAct::Rotate => "rotate_key",
        KeyAct::Disable => "disable_key",
        KeyAct::Enable => "enable_key",
        KeyAct::Destroy { .. } => "destroy_key",
        KeyAct::Retire { .. } => "retire_key",
    };
    let label = Label { name, environment: Some(environment.id), tenant: Some(tenant.slug.to_string()) };
    if run.is_done(&label).await? {
        return Ok(());
    }
    let started = Instant::now();
    let attempt = || async {
        run.reach(&label, Moment::Starting)?;
        let key = key_of(environment)?;
        let state = if tenant.spec.own_key(environment.mode).is_some() {
            // The merchant's key is the merchant's: only our record of it changes.
            recorded_only(act)
        } else {
            ask(run, &key, act).await?
        };
        run.reach(&label, Moment::Outside)?;
        let step = run.begin_since(&label, started).await?;
        let values = [environment.id.as_uuid().into(), state.as_str().into(), run.control.clock().now().into()];
        execute(step.tx(), RECORD, values).await?;
        step.finish(StepOutcome::Done, Some(state.as_str().to_owned())).await
    };
    let ended = retrying(run, attempt).await;
    run.control.keyring().forget(environment.id);
    run.control.hints().publish(&Hint::environment(HintKind::Key, environment.id)).await;
    if let Err(error) = &ended {
        run.record_failure(&label, started, error).await?;
    }
    ended
}

const fn recorded_only(act: KeyAct) -> KeyState {
    match act {
        KeyAct::Rotate | KeyAct::Enable => KeyState::Enabled,
        KeyAct::Disable | KeyAct::Destroy { .. } | KeyAct::Retire { .. } => KeyState::Disabled,
    }
}

/// Tells the provider. Finding it done already, by a run that died before it could say so, is success.
async fn ask(run: &Run, key: &EnvironmentKey, act: KeyAct) -> Result<KeyState, ControlError> {
    let keyring = run.control.keyring();
    let outcome = match act {
        KeyAct::Rotate => keyring.rotate_key(key).await.map(|()| KeyState::Enabled),
        KeyAct::Disable => keyring.disable_key(key).await.map(|()| KeyState::Disabled),
        KeyAct::Enable => enable(run, key).await.map(|()| KeyState::Enabled),
        KeyAct::Destroy { days } if key.reference.provider() == ProviderKind::Aws => schedule(run, key, days).await,
        KeyAct::Destroy { .. } => keyring.destroy_key(key).await.map(|()| KeyState::Destroyed),
        KeyAct::Retire { .. } if key.reference.provider() == ProviderKind::Vault => {
            keyring.disable_key(key).await.map(|()| KeyState::Disabled)
        }
        KeyAct::Retire { days } => schedule(run, key, days).await,
    };
    match (outcome, act) {
        (
            Err(KeyringError::Destroyed { .. } | KeyringError::NotFound { .. }),
            KeyAct::Destroy { .. } | KeyAct::Retire { .. },
        ) => Ok(KeyState::Destroyed),
        (Err(KeyringError::PendingDestruction { .. }), KeyAct::Destroy { .. } | KeyAct::Retire { .. }) => {
            Ok(KeyState::PendingDestruction { due_at: None })
        }
        (outcome, _) => Ok(outcome?),
    }
}

async fn enable(run: &Run, key: &EnvironmentKey) -> Result<(), KeyringError> {
    let keyring = run.control.keyring();
    if matches!(keyring.key_state(key).await?, KeyState::PendingDestruction { .. }) {
        keyring.cancel_destruction(key).await?;
    }
    keyring.enable_key(key).await
}

async fn schedule(run: &Run, key: &EnvironmentKey, days: u16) -> Result<KeyState, KeyringError> {
    run.control.keyring().schedule_destruction(key, days).await?;
    Ok(KeyState::PendingDestruction { due_at: None })
}

/// Wraps every data key of the environment under the newest version of its KMS key.
async fn rewrap(run: &Run, tenant: &Tenant, environment: &Environment) -> Result<(), ControlError> {
    let label = Label { name: "rewrap", environment: Some(environment.id), tenant: Some(tenant.slug.to_string()) };
    if run.is_done(&label).await? {
        return Ok(());
    }
    let started = Instant::now();
    let ended = retrying(run, || rewrap_once(run, &label, environment, started)).await;
    if let Err(error) = &ended {
        run.record_failure(&label, started, error).await?;
    }
    ended
}

async fn rewrap_once(
    run: &Run,
    label: &Label,
    environment: &Environment,
    started: Instant,
) -> Result<(), ControlError> {
    run.reach(label, Moment::Starting)?;
    let key = key_of(environment)?;
    let mut rewrapped = Vec::new();
    for data_key in read_data_keys(run, environment).await? {
        rewrapped.push(run.control.keyring().rewrap(&data_key, &key).await?);
    }
    run.reach(label, Moment::Outside)?;
    let step = run.begin_since(label, started).await?;
    enter(step.tx(), &environment.schema).await?;
    let count = rewrapped.len();
    for data_key in rewrapped {
        let values = [
            data_key.id.as_uuid().into(),
            data_key.wrapped.into(),
            data_key.key.provider().as_str().into(),
            data_key.key.reference().into(),
        ];
        execute(step.tx(), REWRAP, values).await?;
    }
    let finished = step.finish(StepOutcome::Done, Some(format!("{count} data keys"))).await;
    run.control.hints().publish(&Hint::environment(HintKind::Key, environment.id)).await;
    finished
}

async fn read_data_keys(run: &Run, environment: &Environment) -> Result<Vec<WrappedDataKey>, ControlError> {
    let tx = run.control.begin().await?;
    enter(&tx, &environment.schema).await?;
    let rows = data_key::Entity::find().all(&tx).await?;
    tx.rollback().await?;
    let corrupt = |what| ControlError::Corrupt { table: "data_key", what };
    rows.into_iter()
        .map(|row| {
            let provider: ProviderKind = row.key_provider.parse().map_err(|_| corrupt("key_provider"))?;
            Ok(WrappedDataKey {
                id: DataKeyId::from_uuid(row.id),
                purpose: row.purpose.parse().map_err(|_| corrupt("purpose"))?,
                wrapped: row.wrapped,
                key: KeyReference::try_new(provider, &row.key_reference).map_err(|_| corrupt("key_reference"))?,
                created_at: row.created_at,
                retired_at: row.retired_at,
            })
        })
        .collect()
}
