//! Reads operations and their steps.

use std::collections::HashMap;

use entity::platform::{environment, operation, operation_step};
use kernel::{EnvironmentId, OperationId};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{Operation, OperationFilter, OperationKind, OperationStep, Progress};
use crate::provisioning::ControlError;

/// One operation with its steps.
pub(in crate::provisioning) async fn find<C: ConnectionTrait>(
    db: &C,
    id: OperationId,
) -> Result<Option<Operation>, ControlError> {
    match operation::Entity::find_by_id(id.as_uuid()).one(db).await? {
        Some(row) => with_steps(db, row).await.map(Some),
        None => Ok(None),
    }
}

/// The newest operation of a kind on a target.
pub(in crate::provisioning) async fn latest_of<C: ConnectionTrait>(
    db: &C,
    kind: OperationKind,
    target: &str,
) -> Result<Option<Operation>, ControlError> {
    let row = operation::Entity::find()
        .filter(operation::Column::Kind.eq(kind.as_str()))
        .filter(operation::Column::Target.eq(target))
        .order_by_desc(operation::Column::CreatedAt)
        .order_by_desc(operation::Column::Id)
        .one(db)
        .await?;
    match row {
        Some(row) => with_steps(db, row).await.map(Some),
        None => Ok(None),
    }
}

/// Newest first; one more than asked for tells whether there are more. Steps are left out.
pub(super) async fn list<C: ConnectionTrait>(db: &C, filter: &OperationFilter) -> Result<Vec<Operation>, ControlError> {
    let mut query =
        operation::Entity::find().order_by_desc(operation::Column::Id).limit(filter.limit.saturating_add(1));
    if let Some(state) = filter.state {
        query = query.filter(operation::Column::State.eq(state.as_str()));
    }
    if let Some(after) = filter.starting_after {
        query = query.filter(operation::Column::Id.lt(after.as_uuid()));
    }
    let mut operations = Vec::new();
    for row in query.all(db).await? {
        operations.push(with_steps(db, row).await?);
    }
    Ok(operations)
}

/// Adds the steps to a row.
pub(super) async fn with_steps<C: ConnectionTrait>(db: &C, row: operation::Model) -> Result<Operation, ControlError> {
    let steps = operation_step::Entity::find()
        .filter(operation_step::Column::OperationId.eq(row.id))
        .order_by_asc(operation_step::Column::Sequence)
        .all(db)
        .await?;
    let modes = modes(db, &steps).await?;
    let steps: Vec<OperationStep> = steps
        .into_iter()
        .enumerate()
        .map(|(index, step)| OperationStep {
            sequence: index.saturating_add(1),
            name: step.name,
            tenant: step.tenant_slug,
            environment: step.environment_id.map(EnvironmentId::from_uuid),
            mode: step.environment_id.and_then(|id| modes.get(&id)).and_then(|mode| mode.parse().ok()),
            outcome: step.outcome,
            detail: step.detail,
            duration_ms: step.duration_ms,
            finished_at: step.finished_at,
        })
        .collect();
    Ok(Operation {
        id: OperationId::from_uuid(row.id),
        kind: row.kind.parse()?,
        target: row.target,
        state: row.state.parse()?,
        result: row.result,
        error: row.error.and_then(|error| serde_json::from_value(error).ok()),
        actor: row.actor,
        reason: row.reason,
        progress: progress(&steps, row.steps_total),
        steps,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}

async fn modes<C: ConnectionTrait>(
    db: &C,
    steps: &[operation_step::Model],
) -> Result<HashMap<sea_orm::prelude::Uuid, String>, ControlError> {
    let ids: std::collections::HashSet<_> = steps.iter().filter_map(|step| step.environment_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = environment::Entity::find()
        .select_only()
        .columns([environment::Column::Id, environment::Column::Mode])
        .filter(environment::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// A step counts by its last attempt.
fn progress(steps: &[OperationStep], total: Option<i32>) -> Progress {
    let mut last = HashMap::new();
    for step in steps {
        last.insert((&step.name, step.environment, &step.tenant), step.outcome != "failed");
    }
    let done = last.values().filter(|done| **done).count();
    let total = total.and_then(|total| usize::try_from(total).ok()).unwrap_or(last.len()).max(last.len());
    Progress { done, total, failed: last.len().saturating_sub(done) }
}
