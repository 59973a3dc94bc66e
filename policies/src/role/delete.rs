//! Removing a role.

use tenancy::TenantTx;

use super::{
    RoleError, check_place,
    retrieve::{check_held, own_name},
    store,
};
use crate::{action::DeleteRole, permit::Permit, snapshot::PolicySnapshot};

/// Removes a role of the tenant's own that no member and no API key has.
pub async fn delete(
    tx: &TenantTx,
    permit: &Permit<DeleteRole>,
    snapshot: &PolicySnapshot,
    name: &str,
) -> Result<(), RoleError> {
    check_place(tx, permit)?;
    let name = own_name(name)?;
    store::lock_revision(tx).await?;
    // Whoever gives the role to somebody holds its row until he commits; he is waited for here and
    // seen by the count below.
    store::lock_role(tx, name.as_str()).await?.ok_or(RoleError::NotFound)?;
    let present = store::rules(tx, Some(name.as_str())).await?;
    check_held(&present, snapshot, &permit.subject())?;
    let (members, api_keys) = store::count_holders(tx, name.as_str()).await?;
    if members > 0 || api_keys > 0 {
        return Err(RoleError::InUse { members, api_keys });
    }
    store::delete_role(tx, name.as_str()).await?;
    store::raise_revision(tx).await?;
    Ok(())
}
