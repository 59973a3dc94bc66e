//! The escalation guard: nobody gives, changes or takes away rights wider than his own.

use super::{Cell, PolicySnapshot, RoleEntry};
use crate::{
    action::{self, ACTIONS, ActionEntry},
    conditions::Conditions,
    name::{OWNER, SYSTEM_ROLES},
    permit::Subject,
    refusal::Refusal,
};

impl PolicySnapshot {
    /// Whether the granter may put such a rule into a role: he must hold the action at least as
    /// widely himself.
    pub fn may_grant(
        &self,
        granter: &Subject,
        object: &str,
        act: &str,
        conditions: &Conditions,
    ) -> Result<(), Refusal> {
        let action = action::find(object, act).ok_or(Refusal::UnknownAction)?;
        holds_as_widely(self.entry(granter)?, action, conditions)
    }

    /// Whether the granter may give this role to a member or key, or change or remove one that
    /// has it: he must hold everything the role holds, and owners answer only to owners.
    pub fn may_grant_role(&self, granter: &Subject, role: &str) -> Result<(), Refusal> {
        let held = self.entry(granter)?;
        if SYSTEM_ROLES.contains(&role) {
            return Err(Refusal::UnknownRole);
        }
        let granted = self.role_entry(role)?;
        if role == OWNER && granter.role() != OWNER {
            return Err(Refusal::OwnerOnly);
        }
        for (action, cell) in ACTIONS.iter().zip(&granted.cells) {
            for conditions in cell.all() {
                holds_as_widely(held, action, conditions)?;
            }
        }
        Ok(())
    }
}

/// One of the holder's rules must cover the conditions by itself; rules are not added up.
fn holds_as_widely(held: &RoleEntry, action: &'static ActionEntry, conditions: &Conditions) -> Result<(), Refusal> {
    let covered = held.cells.get(action.index).is_some_and(|cell| cell.all().any(|own| own.covers(conditions)));
    if covered { Ok(()) } else { Err(Refusal::NotHeld { object: action.object, act: action.act }) }
}

/// What a rule without conditions asks for.
static UNCONDITIONAL: Conditions =
    Conditions { amount_max: None, currency: None, own: false, hours: None, country: None, mfa: false };

impl Cell {
    /// The conditions of every rule here.
    fn all(&self) -> impl Iterator<Item = &Conditions> {
        let plain = self.plain.iter().map(|_| &UNCONDITIONAL);
        plain.chain(self.conditional.iter().map(|rule| &rule.conditions))
    }
}
