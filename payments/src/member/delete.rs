//! Takes a person's membership away.

use kernel::MemberId;
use policies::{DeleteMember, OWNER, Permit, PolicySnapshot};

use super::{Refusal, store, update::keeps_an_owner};
use crate::{Context, Error, role};

/// Removes a member, who must not have more rights than the actor nor be the last owner.
pub async fn delete(
    context: &Context<'_>,
    permit: &Permit<DeleteMember>,
    snapshot: &PolicySnapshot,
    id: MemberId,
) -> Result<(), Error<Refusal>> {
    context.reach_all(permit)?;
    let locked = store::lock_with_holders(context.tx, id, OWNER).await?;
    let member = locked.iter().find(|row| row.id == id.as_uuid()).ok_or(Refusal::Missing { param: "id" })?;
    role::may_take(context.tx, snapshot, &permit.subject(), &member.role)
        .await
        .map_err(|error| error.map_refusal(Refusal::Grant))?;
    keeps_an_owner(&locked, id)?;
    store::delete(context.tx, id).await?;
    Ok(())
}
