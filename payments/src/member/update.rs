//! Changes a member's role.

use entity::tenant::member::{ActiveModel, Model};
use kernel::MemberId;
use policies::{OWNER, Permit, PolicySnapshot, UpdateMember};
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{Member, Refusal, store, view};
use crate::{Context, Error, role};

/// Gives a member another role. Both the old and the new one must be within the actor's own rights.
pub async fn update(
    context: &Context<'_>,
    permit: &Permit<UpdateMember>,
    snapshot: &PolicySnapshot,
    id: MemberId,
    new_role: String,
) -> Result<Member, Error<Refusal>> {
    context.reach_all(permit)?;
    let locked = store::lock_with_holders(context.tx, id, OWNER).await?;
    let member = locked.iter().find(|row| row.id == id.as_uuid()).ok_or(Refusal::Missing { param: "id" })?;
    let granter = permit.subject();
    role::may_take(context.tx, snapshot, &granter, &member.role)
        .await
        .map_err(|error| error.map_refusal(Refusal::Grant))?;
    role::may_give(context.tx, snapshot, &granter, &new_role)
        .await
        .map_err(|error| error.map_refusal(Refusal::Grant))?;
    if new_role != OWNER {
        keeps_an_owner(&locked, id)?;
    }

    let now = context.now();
    let row = ActiveModel {
        id: Unchanged(member.id),
        issuer: Unchanged(member.issuer.clone()),
        subject: Unchanged(member.subject.clone()),
        role: Set(new_role.clone()),
        created_at: Unchanged(member.created_at),
        updated_at: Set(now),
    };
    store::update(context.tx, row).await?;
    Ok(Member { role: new_role, updated: now, ..view(member.clone()) })
}

/// Whether an owner remains when this member stops being one. The rows hold all owners.
pub(super) fn keeps_an_owner(rows: &[Model], leaving: MemberId) -> Result<(), Refusal> {
    let (leaving, mut others) = (leaving.as_uuid(), rows.iter().filter(|row| row.role == OWNER));
    let is_owner = others.clone().any(|row| row.id == leaving);
    if is_owner && !others.any(|row| row.id != leaving) { Err(Refusal::LastOwner) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_last_owner_stays() {
        let row = |number: u128, role: &str| Model {
            id: Uuid::from_u128(number),
            issuer: "https://issuer.example".to_owned(),
            subject: number.to_string(),
            role: role.to_owned(),
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        };
        let id = |number: u128| MemberId::from_uuid(Uuid::from_u128(number));
        assert!(keeps_an_owner(&[row(1, OWNER)], id(1)).is_err());
        assert!(keeps_an_owner(&[row(1, OWNER), row(2, "admin")], id(1)).is_err());
        assert!(keeps_an_owner(&[row(1, OWNER), row(2, OWNER)], id(1)).is_ok());
        assert!(keeps_an_owner(&[row(1, OWNER), row(2, "admin")], id(2)).is_ok());
        assert!(keeps_an_owner(&[row(2, "admin")], id(2)).is_ok(), "who was no owner is no last owner");
    }
}
