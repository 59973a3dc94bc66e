//! Changing a role.

use kernel::{Clock, Entropy, RuleId};
use tenancy::TenantTx;

use super::{
    Role, RoleError, RoleUpdate, check_description, check_place,
    retrieve::{self, check_held, own_name},
    rule::{CheckedRule, check_rules},
    store,
};
use crate::{
    action::UpdateRole,
    conditions::Conditions,
    permit::Permit,
    snapshot::{PolicySnapshot, RuleRow},
};

/// Changes a role of the tenant's own. The caller must hold what it permits now and what it will.
pub async fn update(
    tx: &TenantTx,
    permit: &Permit<UpdateRole>,
    snapshot: &PolicySnapshot,
    update: RoleUpdate,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Role, RoleError> {
    check_place(tx, permit)?;
    let name = own_name(&update.name)?;
    let granter = permit.subject();
    if let Some(description) = &update.description {
        check_description(description)?;
    }
    let checked = match &update.rules {
        Some(drafts) => Some(check_rules(drafts, snapshot, &granter)?),
        None => None,
    };

    store::lock_revision(tx).await?;
    let row = store::lock_role(tx, name.as_str()).await?.ok_or(RoleError::NotFound)?;
    let present = store::rules(tx, Some(name.as_str())).await?;
    check_held(&present, snapshot, &granter)?;

    let now = clock.now();
    if let Some(checked) = &checked {
        let Difference { gone, new } = difference(&present, checked);
        let new = new.into_iter().map(|rule| (RuleId::generate(clock, entropy), rule)).collect::<Vec<_>>();
        store::delete_rules(tx, &gone).await?;
        store::insert_rules(tx, name.as_str(), &new, now).await?;
    }
    let description = update.description.unwrap_or(row.description);
    store::update_role(tx, name.as_str(), &description, now).await?;
    store::raise_revision(tx).await?;
    retrieve::read(tx, name.as_str()).await
}

struct Difference<'a> {
    gone: Vec<RuleId>,
    new: Vec<&'a CheckedRule>,
}

/// A rule that stays keeps its identifier, so that audit records go on naming it.
fn difference<'a>(present: &[RuleRow], wanted: &'a [CheckedRule]) -> Difference<'a> {
    let same = |row: &RuleRow, rule: &CheckedRule| {
        row.object == rule.action.object
            && row.action == rule.action.act
            && Conditions::parse(&row.conditions).as_ref() == Ok(&rule.conditions)
    };
    let stays = |row: &&RuleRow| wanted.iter().any(|rule| same(row, rule));
    Difference {
        gone: present.iter().filter(|row| !stays(row)).map(|row| row.id).collect(),
        new: wanted.iter().filter(|rule| !present.iter().any(|row| same(row, rule))).collect(),
    }
}
