//! Step `policies`: the first members, so that somebody may act when the environment opens.

use entity::tenant::member;
use kernel::MemberId;
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait as _, sea_query::OnConflict};

use super::{EnvironmentState, Provisioning, record_state};
use crate::provisioning::{ControlError, ControlPlane, MemberSpec, operation::StepOutcome, tenant::enter};

pub(super) async fn make(work: Provisioning<'_>) -> Result<(), ControlError> {
    let label = work.label(EnvironmentState::Policies.as_str());
    let control = &work.run.control;
    let step = work.run.begin(&label).await?;
    record_state(work, step.tx(), EnvironmentState::Policies).await?;
    enter(step.tx(), &work.environment.schema).await?;
    put_members(control, step.tx(), &work.spec.issuer.url, &work.spec.members).await?;
    let detail = format!("{} members", work.spec.members.len());
    step.finish(StepOutcome::Done, Some(detail)).await
}

/// Adds the members, or gives them their role, in the schema that the transaction has entered.
pub(in crate::provisioning) async fn put_members(
    control: &ControlPlane,
    tx: &DatabaseTransaction,
    issuer: &str,
    members: &[MemberSpec],
) -> Result<(), ControlError> {
    if members.is_empty() {
        return Ok(());
    }
    let now = control.clock().now();
    let rows = members.iter().map(|member| member::ActiveModel {
        id: Set(MemberId::generate(control.clock().as_ref(), control.entropy().as_ref()).as_uuid()),
        issuer: Set(issuer.to_owned()),
        subject: Set(member.subject.clone()),
        role: Set(member.role.clone()),
        created_at: Set(now),
        updated_at: Set(now),
    });
    let known = OnConflict::columns([member::Column::Issuer, member::Column::Subject])
        .update_columns([member::Column::Role, member::Column::UpdatedAt])
        .to_owned();
    member::Entity::insert_many(rows).on_conflict(known).exec_without_returning(tx).await?;
    Ok(())
}
