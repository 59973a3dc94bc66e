//! What is done to a KMS key: the provider first, then the record of it.

use keyring::{EnvironmentKey, KeyState, KeyringError, ProviderKind};
use serde_json::Value;
use tokio::time::Instant;

use super::{Scope, key_of, rewrap::rewrap, target};
use crate::{
    hints::{Hint, HintKind},
    provisioning::{
        ControlError, Environment, OperationKind, Tenant,
        operation::{Ending, Label, Moment, Run, StepOutcome, retrying},
        sql::execute,
    },
};

/// Shortest wait that AWS KMS knows between the order and the destruction.
const DESTRUCTION_DAYS: u16 = 7;
const RECORD: &str = "\
UPDATE platform.environment SET key_state = $2, updated_at = $3 WHERE id = $1";

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
