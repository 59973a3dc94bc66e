//! Step `key`: the environment's KMS key, and one data key for each purpose wrapped under it.
//!
//! The KMS is asked before the transaction begins. A run that dies in between asks again and is given the same key;
//! data keys that were never stored never sealed anything.

use entity::tenant::data_key;
use keyring::{EnvironmentKey, KeyReference, Purpose, WrappedDataKey};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};
use tokio::time::Instant;

use super::{EnvironmentState, Provisioning, record_state};
use crate::provisioning::{
    ControlError, Refusal,
    operation::{Moment, StepOutcome},
    sql::execute,
    tenant::enter,
};

const RECORD: &str = "\
UPDATE platform.environment SET key_provider = $2, key_reference = $3, key_state = 'enabled' WHERE id = $1";

pub(super) async fn make(work: Provisioning<'_>) -> Result<(), ControlError> {
    let label = work.label(EnvironmentState::Key.as_str());
    let started = Instant::now();
    work.run.reach(&label, Moment::Starting)?;
    let reference = kms_key(work).await?;
    let key = EnvironmentKey {
        tenant: work.environment.tenant,
        environment: work.environment.id,
        reference: reference.clone(),
    };
    let keyring = work.run.control.keyring();
    let data_keys = [
        keyring.generate_data_key(&key, Purpose::Fields).await?,
        keyring.generate_data_key(&key, Purpose::Index).await?,
    ];
    work.run.reach(&label, Moment::Outside)?;

    let step = work.run.begin_since(&label, started).await?;
    let values =
        [work.environment.id.as_uuid().into(), reference.provider().as_str().into(), reference.reference().into()];
    execute(step.tx(), RECORD, values).await?;
    record_state(work, step.tx(), EnvironmentState::Key).await?;
    enter(step.tx(), &work.environment.schema).await?;
    for data_key in data_keys {
        if !has_data_key(step.tx(), data_key.purpose).await? {
            insert_data_key(step.tx(), data_key).await?;
        }
    }
    step.finish(StepOutcome::Done, Some(reference.to_string())).await
}

/// The merchant's own key, proved to work, or one that the provider makes for this environment.
async fn kms_key(work: Provisioning<'_>) -> Result<KeyReference, ControlError> {
    let keyring = work.run.control.keyring();
    let Some(own) = work.spec.own_key(work.environment.mode) else {
        return Ok(keyring.create_key(work.spec.key_provider, &work.environment.owner()).await?);
    };
    let reference = KeyReference::try_new(work.spec.key_provider, own).map_err(|error| {
        Refusal::invalid(
            "key_reference_invalid",
            format!("key_reference[{}]", work.environment.mode),
            error.to_string(),
        )
    })?;
    let owner = work.environment.owner();
    let key = EnvironmentKey { tenant: owner.tenant, environment: owner.environment, reference: reference.clone() };
    keyring.check_key(&key).await?;
    Ok(reference)
}

async fn has_data_key<C: ConnectionTrait>(db: &C, purpose: Purpose) -> Result<bool, DbErr> {
    let count = data_key::Entity::find()
        .filter(data_key::Column::Purpose.eq(purpose.as_str()))
        .filter(data_key::Column::RetiredAt.is_null())
        .count(db)
        .await?;
    Ok(count > 0)
}

/// Stores a wrapped data key in the schema that the transaction has entered.
pub(in crate::provisioning) async fn insert_data_key<C: ConnectionTrait>(
    db: &C,
    key: WrappedDataKey,
) -> Result<(), DbErr> {
    let row = data_key::ActiveModel {
        id: Set(key.id.as_uuid()),
        purpose: Set(key.purpose.as_str().to_owned()),
        wrapped: Set(key.wrapped),
        key_provider: Set(key.key.provider().as_str().to_owned()),
        key_reference: Set(key.key.reference().to_owned()),
        created_at: Set(key.created_at),
        retired_at: Set(key.retired_at),
    };
    data_key::Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}
