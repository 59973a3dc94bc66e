//! Making a snapshot: rows to checked rules, rules to an enforcer, and a few questions put to it
//! before anybody else may.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, LazyLock},
};

use casbin::rhai::ImmutableString;
use kernel::EnvironmentId;
use tracing::warn;

use super::{
    Cell, ConditionalRule, PolicyRows, PolicyRule, PolicySnapshot, ROLES_MAX, RULES_PER_ROLE_MAX, RoleEntry, RuleRow,
    SnapshotError,
};
use crate::{
    action::{self, ACTIONS, Place},
    attribute::Attributes,
    builtin,
    conditions::{Conditions, expression},
    engine::{Engine, Line, Question},
    name::{self, RoleName},
    permit::{Domain, RuleRef},
};

static PLATFORM: LazyLock<Result<Arc<PolicySnapshot>, Arc<SnapshotError>>> = LazyLock::new(|| {
    let rules = builtin::rules(Place::Platform).map_err(Arc::new)?.collect();
    let roles = name::STAFF_ROLES.iter().copied().map(Arc::from).collect();
    PolicySnapshot::assemble(Domain::Platform, 0, roles, rules).map(Arc::new).map_err(Arc::new)
});

impl PolicySnapshot {
    /// The policies of the platform's own staff, which no tenant changes.
    pub fn platform() -> Result<Arc<Self>, Arc<SnapshotError>> {
        PLATFORM.clone()
    }

    /// The built-in roles of an environment without any of the tenant's own.
    pub fn built_in(environment: EnvironmentId) -> Result<Self, SnapshotError> {
        Self::try_new(environment, &PolicyRows::default())
    }

    /// The built-in roles of an environment and those of the tenant.
    pub fn try_new(environment: EnvironmentId, rows: &PolicyRows) -> Result<Self, SnapshotError> {
        if rows.roles.len() > ROLES_MAX || rows.rules.len() > ROLES_MAX * RULES_PER_ROLE_MAX {
            return Err(SnapshotError::TooMany);
        }
        let built_in = name::TENANT_ROLES.iter().chain(name::SYSTEM_ROLES);
        let mut roles = built_in.copied().map(Arc::from).collect::<Vec<Arc<str>>>();
        for role in &rows.roles {
            non_empty("role", role)?;
            roles.push(role.parse::<RoleName>().map_err(SnapshotError::RoleName)?.shared());
        }
        let mut rules = builtin::rules(Place::Environment)?.collect::<Vec<_>>();
        for row in &rows.rules {
            rules.extend(rule_of(row)?);
        }
        Self::assemble(Domain::Environment(environment), rows.revision, roles, rules)
    }

    /// Builds and checks a snapshot of rules already checked one by one.
    pub(crate) fn assemble(
        domain: Domain,
        revision: i64,
        roles: Vec<Arc<str>>,
        rules: Vec<PolicyRule>,
    ) -> Result<Self, SnapshotError> {
        if rules.is_empty() {
            return Err(SnapshotError::Empty);
        }
        let mut entries = roles.into_iter().map(|name| (Arc::clone(&name), RoleEntry::new(name))).collect();
        let lines = place_rules(domain, &mut entries, rules)?;
        let engine = Engine::try_new(lines)?;
        let domain_text = ImmutableString::from(domain.to_string());
        let snapshot = Self { domain, domain_text, revision, roles: entries, engine };
        snapshot.check_wall()?;
        Ok(snapshot)
    }

    /// Asks every section once: an expression that does not compile or a matcher without its wall
    /// shows here, before the snapshot serves. Once is enough, as a section has one matcher.
    fn check_wall(&self) -> Result<(), SnapshotError> {
        let nowhere = ImmutableString::from("nowhere");
        for entry in self.roles.values() {
            let cells = || ACTIONS.iter().zip(&entry.cells);
            let plain = cells().find(|(_, cell)| cell.plain.is_some());
            if let (Some((action, _)), Some(section)) = (plain, &entry.section) {
                let abroad = Question { role: &entry.text, domain: &nowhere, action };
                if self.engine.permits(section, &abroad)? {
                    return Err(SnapshotError::Breach);
                }
            }
            for (action, cell) in cells() {
                // At home, so that the expression is reached; without facts, so that it must fail.
                let at_home = Question { role: &entry.text, domain: &self.domain_text, action };
                for rule in &cell.conditional {
                    if self.engine.permits_under(&rule.section, &at_home, &Attributes::unknown())? {
                        return Err(SnapshotError::Breach);
                    }
                }
            }
        }
        Ok(())
    }
}

impl RoleEntry {
    fn new(name: Arc<str>) -> Self {
        let text = ImmutableString::from(&*name);
        Self { name, text, section: None, cells: ACTIONS.iter().map(|_| Cell::default()).collect() }
    }
}

/// Gives every rule its section, and its place in the index of its role.
fn place_rules(
    domain: Domain,
    entries: &mut HashMap<Arc<str>, RoleEntry>,
    mut rules: Vec<PolicyRule>,
) -> Result<Vec<Line>, SnapshotError> {
    // The widest reach first: a rule about own objects decides only where no other does.
    rules.sort_by_key(|rule| rule.conditions.is_own());
    let dom = domain.to_string();
    let mut lines = Vec::with_capacity(rules.len());
    for (number, rule) in rules.into_iter().enumerate() {
        let Entry::Occupied(mut entry) = entries.entry(Arc::clone(&rule.role)) else {
            return Err(SnapshotError::Orphan);
        };
        let entry = entry.get_mut();
        let PolicyRule { role, action, conditions, source } = rule;
        let mut values = vec![role.to_string(), dom.clone(), action.object.to_owned(), action.act.to_owned()];
        let Some(cell) = entry.cells.get_mut(action.index) else { continue };
        let section = if let Some(expression) = expression(&conditions) {
            values.push(expression);
            let section = format!("p2:{number}");
            cell.conditional.push(ConditionalRule { section: section.clone(), source, conditions });
            section
        } else {
            cell.plain.get_or_insert(source);
            entry.section.get_or_insert_with(|| format!("p:{role}")).clone()
        };
        lines.push(Line { section, values });
    }
    Ok(lines)
}

/// A row as a rule. `None` for a rule this version does not understand: it permits nothing, as a
/// rule can only permit, while refusing all rows would stop the tenant during a rolling upgrade.
fn rule_of(row: &RuleRow) -> Result<Option<PolicyRule>, SnapshotError> {
    non_empty("role", &row.role)?;
    non_empty("object", &row.object)?;
    non_empty("action", &row.action)?;
    // Foremost: no row of a tenant may widen a built-in role.
    let role = row.role.parse::<RoleName>().map_err(SnapshotError::RoleName)?.shared();
    let known = action::find(&row.object, &row.action).filter(|action| action.place == Place::Environment);
    let Some(action) = known else {
        warn!(rule = %row.id, "a policy rule names an unknown action and is left out");
        return Ok(None);
    };
    let Ok(conditions) = Conditions::parse(&row.conditions) else {
        warn!(rule = %row.id, "a policy rule has unknown conditions and is left out");
        return Ok(None);
    };
    Ok(Some(PolicyRule { role, action, conditions, source: RuleRef::Tenant(row.id) }))
}

fn non_empty(field: &'static str, text: &str) -> Result<(), SnapshotError> {
    if text.is_empty() { Err(SnapshotError::EmptyField { field }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use kernel::{FixedClock, SeededEntropy};

    use super::*;

    /// An empty question would pass Casbin's empty policy, so an empty policy is never served.
    #[test]
    fn no_rule_at_all_is_no_snapshot() {
        let environment = EnvironmentId::generate(&FixedClock::new(1), &SeededEntropy::new(1));
        let roles = vec![Arc::from("cashier")];
        let outcome = PolicySnapshot::assemble(Domain::Environment(environment), 1, roles, Vec::new());
        assert!(matches!(outcome, Err(SnapshotError::Empty)));
    }
}
