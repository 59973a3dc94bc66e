//! Withdraws a secret key.

use kernel::ApiKeyId;
use policies::{DeleteApiKey, Permit, PolicySnapshot};

use super::{Refusal, store};
use crate::{Context, Error, role};

/// Withdraws a key, which must not have more rights than the actor.
pub async fn delete(
    context: &Context<'_>,
    permit: &Permit<DeleteApiKey>,
    snapshot: &PolicySnapshot,
    id: ApiKeyId,
) -> Result<(), Error<Refusal>> {
    context.reach_all(permit)?;
    let key = store::lock(context.tx, id).await?.ok_or(Refusal::Missing { param: "id" })?;
    role::may_take(context.tx, snapshot, &permit.subject(), &key.role)
        .await
        .map_err(|error| error.map_refusal(Refusal::Grant))?;
    store::delete(context.tx, id).await?;
    Ok(())
}
