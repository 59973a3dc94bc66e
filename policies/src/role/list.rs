//! Reading all roles.

use std::collections::HashMap;

use tenancy::TenantTx;

use super::{Role, RoleError, built_in, check_place, retrieve::role_of, store};
use crate::{action::ListRoles, name::TENANT_ROLES, permit::Permit, snapshot::ROLES_MAX, snapshot::RuleRow};

/// The built-in roles, then the tenant's own by name: few enough for one page.
pub async fn list(tx: &TenantTx, permit: &Permit<ListRoles>) -> Result<Vec<Role>, RoleError> {
    check_place(tx, permit)?;
    let mut roles = TENANT_ROLES.iter().map(|name| built_in(name)).collect::<Result<Vec<_>, _>>()?;
    let mut rules = HashMap::<String, Vec<RuleRow>>::new();
    for row in store::rules(tx, None).await? {
        rules.entry(row.role.clone()).or_default().push(row);
    }
    for row in store::roles(tx, ROLES_MAX).await? {
        let own = rules.remove(&row.name).unwrap_or_default();
        roles.push(role_of(row, own));
    }
    Ok(roles)
}
