//! After a KMS key has a new version: its data keys are wrapped under it.

use entity::tenant::data_key;
use kernel::DataKeyId;
use keyring::{KeyReference, ProviderKind, WrappedDataKey};
use sea_orm::EntityTrait as _;
use tokio::time::Instant;

use super::key_of;
use crate::{
    hints::{Hint, HintKind},
    provisioning::{
        ControlError, Environment, Tenant,
        operation::{Label, Moment, Run, StepOutcome, retrying},
        sql::execute,
        tenant::enter,
    },
};

const REWRAP: &str = "UPDATE data_key SET wrapped = $2, key_provider = $3, key_reference = $4 WHERE id = $1";

/// Wraps every data key of the environment under the newest version of its KMS key.
pub(super) async fn rewrap(run: &Run, tenant: &Tenant, environment: &Environment) -> Result<(), ControlError> {
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
