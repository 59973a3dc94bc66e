//! How a request becomes an operation, once.

use entity::platform::operation;
use kernel::OperationId;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};
use serde_json::{Value, json};

use super::{Operation, OperationKind, OperationState, read};
use crate::provisioning::{ControlError, ControlPlane, Refusal, StaffCall, canonical};

/// What is asked for.
#[derive(Debug)]
pub(in crate::provisioning) struct NewOperation<'a> {
    pub(in crate::provisioning) kind: OperationKind,
    pub(in crate::provisioning) target: &'a str,
    pub(in crate::provisioning) parameters: Value,
    /// How many steps there will be, where that is known; none when the caller does it all in this transaction.
    pub(in crate::provisioning) steps_total: Option<i32>,
    /// `Pending` for work that follows, `Succeeded` for what the same transaction does.
    pub(in crate::provisioning) state: OperationState,
    pub(in crate::provisioning) result: Option<Value>,
}

/// Whether the request is new.
#[derive(Debug)]
pub(in crate::provisioning) enum Admission {
    /// It is: this is its operation.
    Fresh(OperationId),
    /// The same request came before.
    Repeat(Box<Operation>),
}

/// The operation of an earlier request with the same key, if this is a repeat of it.
pub(in crate::provisioning) async fn find_repeat<C: ConnectionTrait>(
    db: &C,
    call: &StaffCall,
    new: &NewOperation<'_>,
) -> Result<Option<Operation>, ControlError> {
    let row = operation::Entity::find().filter(operation::Column::RequestKey.eq(&call.request_key)).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    if row.fingerprint != fingerprint(new) {
        return Err(Refusal::idempotency().into());
    }
    read::with_steps(db, row).await.map(Some)
}

/// Claims the request key in the caller's transaction. A request with the same key that is not yet committed is waited
/// for.
pub(in crate::provisioning) async fn admit<C: ConnectionTrait>(
    control: &ControlPlane,
    db: &C,
    call: &StaffCall,
    new: &NewOperation<'_>,
) -> Result<Admission, ControlError> {
    let id = OperationId::generate(control.clock().as_ref(), control.entropy().as_ref());
    let now = control.clock().now();
    let row = operation::ActiveModel {
        id: Set(id.as_uuid()),
        kind: Set(new.kind.as_str().to_owned()),
        target: Set(new.target.to_owned()),
        request_key: Set(call.request_key.clone()),
        fingerprint: Set(fingerprint(new)),
        parameters: Set(new.parameters.clone()),
        state: Set(new.state.as_str().to_owned()),
        result: Set(new.result.clone()),
        error: NotSet,
        actor: Set(call.actor.clone()),
        reason: Set(call.reason.clone()),
        host: Set(call.host.clone()),
        request_id: Set(call.request.to_string()),
        lease_owner: NotSet,
        lease_expires_at: NotSet,
        steps_total: Set(new.steps_total),
        created_at: Set(now),
        finished_at: Set(new.state.is_final().then_some(now)),
    };
    let claim = OnConflict::column(operation::Column::RequestKey).do_nothing().to_owned();
    if operation::Entity::insert(row).on_conflict(claim).exec_without_returning(db).await? == 1 {
        return Ok(Admission::Fresh(id));
    }
    // A later statement has a later snapshot: what was committed meanwhile is seen.
    match find_repeat(db, call, new).await? {
        Some(operation) => Ok(Admission::Repeat(Box::new(operation))),
        None => Err(ControlError::Corrupt { table: "platform.operation", what: "request key" }),
    }
}

fn fingerprint(new: &NewOperation<'_>) -> Vec<u8> {
    canonical::sha256(&json!({"kind": new.kind.as_str(), "target": new.target, "parameters": new.parameters}))
}
