//! Defining a role.

use entity::tenant::role;
use kernel::{Clock, Entropy, RuleId};
use tenancy::TenantTx;

use super::{Role, RoleDraft, RoleError, check_description, check_place, rule::check_rules, store};
use crate::{
    action::CreateRole,
    name::RoleName,
    permit::Permit,
    snapshot::{PolicySnapshot, ROLES_MAX},
};

/// Makes a role of the tenant's own. Nobody can make one that permits more than he may himself.
pub async fn create(
    tx: &TenantTx,
    permit: &Permit<CreateRole>,
    snapshot: &PolicySnapshot,
    draft: RoleDraft,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Role, RoleError> {
    check_place(tx, permit)?;
    let name = draft.name.parse::<RoleName>().map_err(|error| RoleError::invalid("name", error.to_string()))?;
    check_description(&draft.description)?;
    let checked = check_rules(&draft.rules, snapshot, &permit.subject())?;

    store::lock_revision(tx).await?;
    if store::count_roles(tx).await? >= u64::try_from(ROLES_MAX).unwrap_or(u64::MAX) {
        // A name that is taken is the more useful answer, and it does not depend on the count.
        let taken = store::find_role(tx, name.as_str()).await?.is_some();
        return Err(if taken { RoleError::Exists } else { RoleError::Limit });
    }
    let now = clock.now();
    let row = role::Model {
        name: name.as_str().to_owned(),
        description: draft.description,
        created_at: now,
        updated_at: now,
    };
    if !store::insert_role(tx, row).await? {
        return Err(RoleError::Exists);
    }
    let new = checked.iter().map(|rule| (RuleId::generate(clock, entropy), rule)).collect::<Vec<_>>();
    store::insert_rules(tx, name.as_str(), &new, now).await?;
    store::raise_revision(tx).await?;
    super::retrieve::read(tx, name.as_str()).await
}
