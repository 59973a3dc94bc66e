//! The built-in roles, read once from `builtin.csv`.

use std::sync::{Arc, LazyLock};

use crate::{
    action::{self, ActionEntry, Place},
    conditions::Conditions,
    name,
    permit::RuleRef,
    snapshot::{PolicyRule, SnapshotError},
};

const TABLE: &str = include_str!("../builtin.csv");

static RULES: LazyLock<Result<Vec<PolicyRule>, usize>> = LazyLock::new(|| parse(TABLE));

/// The rules of the built-in roles that act in `place`.
pub(crate) fn rules(place: Place) -> Result<impl Iterator<Item = PolicyRule>, SnapshotError> {
    match &*RULES {
        Ok(rules) => Ok(rules.iter().filter(move |rule| rule.action.place == place).cloned()),
        Err(line) => Err(SnapshotError::BuiltIn { line: *line }),
    }
}

/// All rows, or the number of the first line that is wrong.
fn parse(table: &str) -> Result<Vec<PolicyRule>, usize> {
    let mut rules = Vec::new();
    for (number, line) in (1_usize..).zip(table.lines()) {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            rules.push(parse_line(line).ok_or(number)?);
        }
    }
    Ok(rules)
}

fn parse_line(line: &str) -> Option<PolicyRule> {
    let mut fields = line.splitn(4, ',').map(str::trim);
    let (role, object, act) = (fields.next()?, fields.next()?, fields.next()?);
    let action = action::find(object, act).filter(|action| belongs(role, action))?;
    let conditions = match fields.next() {
        Some(form) => serde_json::from_str::<Conditions>(form).ok()?,
        None => Conditions::none(),
    };
    let source = RuleRef::BuiltIn(Arc::from(format!("{role}/{object}/{act}")));
    Some(PolicyRule { role: Arc::from(role), action, conditions, source })
}

fn belongs(role: &str, action: &ActionEntry) -> bool {
    match action.place {
        Place::Environment => name::TENANT_ROLES.contains(&role) || name::SYSTEM_ROLES.contains(&role),
        Place::Platform => name::STAFF_ROLES.contains(&role),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_every_built_in_role_has_one() {
        let rules = parse(TABLE).unwrap();
        for role in name::TENANT_ROLES.iter().chain(name::STAFF_ROLES).chain(name::SYSTEM_ROLES) {
            assert!(rules.iter().any(|rule| &*rule.role == *role), "{role}");
        }
        let mut rows = rules.iter().map(|rule| rule.source.to_string()).collect::<Vec<_>>();
        rows.sort();
        let count = rows.len();
        rows.dedup();
        assert_eq!(rows.len(), count, "a row stands twice");
    }

    #[test]
    fn a_wrong_line_is_named() {
        for bad in [
            "owner, wallet*, create",
            "owner, wallet",
            "owner, tenant, create",
            "staff_admin, wallet, create",
            "clerk, wallet, list",
            "system_ledger_audit, ledger_audit, list",
            "owner, wallet, list, own",
        ] {
            assert_eq!(parse(&format!("# head\n\n{bad}\n")).unwrap_err(), 3, "{bad}");
        }
    }
}
