//! Reading one role.

use entity::tenant::role;
use tenancy::TenantTx;

use super::{Role, RoleError, Rule, built_in, check_place, store};
use crate::{
    action::RetrieveRole,
    conditions::Conditions,
    name::{self, RoleName, TENANT_ROLES},
    permit::{Permit, Subject},
    refusal::Refusal,
    snapshot::{PolicySnapshot, RuleRow},
};

/// A role, built in or the tenant's own.
pub async fn retrieve(tx: &TenantTx, permit: &Permit<RetrieveRole>, name: &str) -> Result<Role, RoleError> {
    check_place(tx, permit)?;
    if TENANT_ROLES.contains(&name) {
        return built_in(name);
    }
    // A name no tenant can give is looked for by nobody.
    let name = name.parse::<RoleName>().map_err(|_| RoleError::NotFound)?;
    read(tx, name.as_str()).await
}

/// A tenant's own role as it stands in this transaction.
pub(super) async fn read(tx: &TenantTx, name: &str) -> Result<Role, RoleError> {
    let row = store::find_role(tx, name).await?.ok_or(RoleError::NotFound)?;
    let rules = store::rules(tx, Some(name)).await?;
    Ok(role_of(row, rules))
}

pub(super) fn role_of(row: role::Model, rules: Vec<RuleRow>) -> Role {
    // A rule this version cannot read permits nothing, so it is not shown as permitting something.
    let rules = rules.into_iter().filter_map(|rule| {
        let conditions = Conditions::parse(&rule.conditions).ok()?;
        Some(Rule { id: Some(rule.id), object: rule.object, action: rule.action, conditions })
    });
    Role {
        name: row.name,
        description: row.description,
        built_in: false,
        rules: rules.collect(),
        created_at: Some(row.created_at),
        updated_at: Some(row.updated_at),
    }
}

/// The name of a role that a tenant can change.
pub(super) fn own_name(text: &str) -> Result<RoleName, RoleError> {
    if name::is_built_in(text) {
        return Err(RoleError::BuiltIn);
    }
    text.parse().map_err(|_| RoleError::NotFound)
}

/// Nobody changes or removes a role that permits more than he may himself.
pub(super) fn check_held(present: &[RuleRow], snapshot: &PolicySnapshot, granter: &Subject) -> Result<(), RoleError> {
    for row in present {
        let Ok(conditions) = Conditions::parse(&row.conditions) else { continue };
        match snapshot.may_grant(granter, &row.object, &row.action, &conditions) {
            // An action this version does not know is held by nobody and permitted to nobody.
            Ok(()) | Err(Refusal::UnknownAction) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(())
}
