//! All policies of one domain at one moment, never changed: built aside, checked, then swapped in
//! whole. Decisions without conditions are remembered inside it, so a newer snapshot starts anew.

mod build;
mod decide;
mod explain;
mod grant;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use casbin::rhai::ImmutableString;
use kernel::RuleId;
use serde_json::Value;
use thiserror::Error;

pub use self::explain::{Considered, Explanation};
use crate::{
    action::ActionEntry,
    conditions::Conditions,
    engine::Engine,
    permit::{Domain, RuleRef},
};

/// Most roles one tenant may define.
pub const ROLES_MAX: usize = 50;
/// Most rules one of them may have.
pub const RULES_PER_ROLE_MAX: usize = 64;
/// Most rules one role may have for one action: each with conditions is evaluated by itself.
pub const RULES_PER_ACTION_MAX: usize = 8;

/// The rows of a tenant's own roles, as read.
#[derive(Clone, Debug, Default)]
pub struct PolicyRows {
    /// The revision the rows are at least as new as.
    pub revision: i64,
    /// Names of the tenant's roles.
    pub roles: Vec<String>,
    /// Their rules.
    pub rules: Vec<RuleRow>,
}

/// One rule of a tenant's own role, as read.
#[derive(Clone, Debug)]
pub struct RuleRow {
    /// Its identifier.
    pub id: RuleId,
    /// Of which role.
    pub role: String,
    /// Resource kind.
    pub object: String,
    /// Verb.
    pub action: String,
    /// The filled-in form.
    pub conditions: Value,
}

/// A rule after the checks.
#[derive(Clone, Debug)]
pub(crate) struct PolicyRule {
    pub(crate) role: Arc<str>,
    pub(crate) action: &'static ActionEntry,
    pub(crate) conditions: Conditions,
    pub(crate) source: RuleRef,
}

/// Why rows make no snapshot. None of them may be served in its place.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// Not one rule: Casbin would answer an empty question with yes.
    #[error("there is no rule at all")]
    Empty,
    /// A field of a row is empty.
    #[error("a rule has an empty {field}")]
    EmptyField {
        /// Which field.
        field: &'static str,
    },
    /// A role's row has a name no tenant may give.
    #[error("a role has a name that is malformed, built in or reserved")]
    RoleName(#[source] crate::name::RoleNameError),
    /// A rule names a role that has no row.
    #[error("a rule belongs to no role")]
    Orphan,
    /// More rows than a tenant can have made.
    #[error("there are too many roles or rules")]
    TooMany,
    /// The built-in table is wrong.
    #[error("line {line} of builtin.csv is wrong")]
    BuiltIn {
        /// Which line.
        line: usize,
    },
    /// Casbin refuses the model or a rule.
    #[error("the policy engine refuses the rules")]
    Engine(#[from] casbin::Error),
    /// A rule answered a question of another domain.
    #[error("a rule reaches beyond its domain")]
    Breach,
}

/// All policies of one domain at one moment.
pub struct PolicySnapshot {
    domain: Domain,
    domain_text: ImmutableString,
    revision: i64,
    roles: HashMap<Arc<str>, RoleEntry>,
    engine: Engine,
}

/// What one role may do.
struct RoleEntry {
    name: Arc<str>,
    text: ImmutableString,
    /// Where its rules without conditions are; `None` if it has none.
    section: Option<String>,
    /// By the action's position.
    cells: Box<[Cell]>,
}

/// What one role may do about one action.
#[derive(Default)]
struct Cell {
    /// The rule that permits it without conditions.
    plain: Option<RuleRef>,
    /// What Casbin said about that, once asked.
    verdict: OnceLock<bool>,
    /// Rules with conditions, those that reach all objects first.
    conditional: Vec<ConditionalRule>,
}

struct ConditionalRule {
    section: String,
    source: RuleRef,
    conditions: Conditions,
}

impl PolicySnapshot {
    /// The domain the policies are of.
    pub const fn domain(&self) -> Domain {
        self.domain
    }

    /// The revision they are at least as new as; 0 for the built-in roles alone.
    pub const fn revision(&self) -> i64 {
        self.revision
    }
}

impl fmt::Debug for PolicySnapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, revision, roles, .. } = self;
        write!(formatter, "PolicySnapshot({domain}, revision {revision}, {} roles)", roles.len())
    }
}
