//! Checking the rules a tenant writes: known actions, conditions that can be met, and nothing the
//! writer does not hold himself.

use std::collections::HashMap;

use super::{RoleError, RuleDraft};
use crate::{
    action::{self, ActionEntry, Place},
    conditions::Conditions,
    permit::Subject,
    snapshot::{PolicySnapshot, RULES_PER_ACTION_MAX, RULES_PER_ROLE_MAX},
};

/// A rule after the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckedRule {
    pub(super) action: &'static ActionEntry,
    pub(super) conditions: Conditions,
}

/// Checks all rules of a role that `granter` writes.
pub(super) fn check_rules(
    drafts: &[RuleDraft],
    snapshot: &PolicySnapshot,
    granter: &Subject,
) -> Result<Vec<CheckedRule>, RoleError> {
    if drafts.len() > RULES_PER_ROLE_MAX {
        return Err(RoleError::invalid("rules", format!("must have at most {RULES_PER_ROLE_MAX} items")));
    }
    let mut checked = Vec::with_capacity(drafts.len());
    let mut per_action = HashMap::<&str, usize>::new();
    for (position, draft) in drafts.iter().enumerate() {
        let rule = check_rule(position, draft)?;
        let count = per_action.entry(rule.action.name).or_default();
        *count += 1;
        if *count > RULES_PER_ACTION_MAX {
            let message = format!("is more than {RULES_PER_ACTION_MAX} rules for one action");
            return Err(RoleError::invalid(format!("rules[{position}]"), message));
        }
        if checked.contains(&rule) {
            return Err(RoleError::invalid(format!("rules[{position}]"), "stands there twice"));
        }
        checked.push(rule);
    }
    // Only after all rules are known to be well-formed, so that a refusal is about rights alone.
    for rule in &checked {
        snapshot.may_grant(granter, rule.action.object, rule.action.act, &rule.conditions)?;
    }
    Ok(checked)
}

fn check_rule(position: usize, draft: &RuleDraft) -> Result<CheckedRule, RoleError> {
    let here = |field: &str| format!("rules[{position}]{field}");
    let places = action::ACTIONS.iter().filter(|action| action.place == Place::Environment);
    let mut of_object = places.filter(|action| action.object == draft.object).peekable();
    if of_object.peek().is_none() {
        return Err(RoleError::invalid(here("[object]"), "is no object of this API"));
    }
    let Some(action) = of_object.find(|action| action.act == draft.action) else {
        return Err(RoleError::invalid(here("[action]"), "is no action of this object"));
    };
    let conditions = Conditions::parse(&draft.conditions).map_err(|error| {
        let field = error.param.map_or_else(String::new, |param| format!("[{param}]"));
        RoleError::invalid(here(&format!("[conditions]{field}")), error.message)
    })?;
    if let Some(attribute) = conditions.attributes().into_iter().find(|asked| !action.attributes.contains(asked)) {
        let field = attribute.condition();
        return Err(RoleError::invalid(here(&format!("[conditions][{field}]")), "is never known for this action"));
    }
    Ok(CheckedRule { action, conditions })
}
