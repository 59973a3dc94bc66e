//! Roles as a tenant manages them: the built-in ones to read, his own to define, change and remove.
//!
//! Every write happens in the caller's [`TenantTx`] and raises the revision there, so that rules
//! and revision are never apart. A refusal is raised before anything is written.

mod create;
mod delete;
mod hold;
mod list;
mod retrieve;
mod rule;
mod store;
mod update;

use kernel::RuleId;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::Value;
use tenancy::TenantTx;
use thiserror::Error;
use time::OffsetDateTime;

pub(crate) use self::store::{read_revision, read_rows};
pub use self::{create::create, delete::delete, hold::hold, list::list, retrieve::retrieve, update::update};
use crate::{
    action::{Action, Place},
    builtin,
    conditions::Conditions,
    permit::{ForeignPermit, Permit},
    refusal::Refusal,
    snapshot::SnapshotError,
};

/// Longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 500;

/// A role and what it permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// Whether the platform defines it.
    pub built_in: bool,
    /// What it permits.
    pub rules: Vec<Rule>,
    /// When the tenant made it.
    pub created_at: Option<OffsetDateTime>,
    /// When the tenant last changed it.
    pub updated_at: Option<OffsetDateTime>,
}

/// One permission of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Identifier, for a tenant's own.
    pub id: Option<RuleId>,
    /// Resource kind.
    pub object: String,
    /// Verb.
    pub action: String,
    /// When it holds.
    pub conditions: Conditions,
}

/// A role to be made.
#[derive(Clone, Debug)]
pub struct RoleDraft {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// What it permits.
    pub rules: Vec<RuleDraft>,
}

/// A permission to be made.
#[derive(Clone, Debug)]
pub struct RuleDraft {
    /// Resource kind.
    pub object: String,
    /// Verb.
    pub action: String,
    /// The filled-in form.
    pub conditions: Value,
}

/// What to change of a role; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct RoleUpdate {
    /// Which role.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// All rules anew.
    pub rules: Option<Vec<RuleDraft>>,
}

/// Why a role was not read or written. All but `Database` leave the transaction as it was.
#[derive(Debug, Error)]
pub enum RoleError {
    /// A field cannot be taken.
    #[error("{param}: {message}")]
    Invalid {
        /// Which field, in brackets notation.
        param: String,
        /// What is wrong with it.
        message: String,
    },
    /// There is a role of this name.
    #[error("there is a role of this name")]
    Exists,
    /// There is none.
    #[error("there is no role of this name")]
    NotFound,
    /// The platform defines it.
    #[error("a built-in role cannot be changed")]
    BuiltIn,
    /// Somebody has it.
    #[error("the role is in use by {members} members and {api_keys} API keys")]
    InUse {
        /// How many members have it.
        members: u64,
        /// How many API keys have it.
        api_keys: u64,
    },
    /// The tenant has as many as it may.
    #[error("a tenant may define at most {} roles", crate::snapshot::ROLES_MAX)]
    Limit,
    /// The caller does not hold what he would give.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The permit belongs to another environment.
    #[error(transparent)]
    Foreign(#[from] ForeignPermit),
    /// The built-in roles cannot be read: a defect of the program.
    #[error(transparent)]
    BuiltInTable(#[from] SnapshotError),
    /// The database failed.
    #[error("the roles could not be read or written")]
    Database(#[from] DbErr),
}

impl RoleError {
    fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { param: param.into(), message: message.into() }
    }
}

/// The permit must be for the environment the transaction works in.
fn check_place<A: Action>(tx: &TenantTx, permit: &Permit<A>) -> Result<(), RoleError> {
    permit.reach_in(tx.environment().id)?;
    Ok(())
}

fn check_description(text: &str) -> Result<(), RoleError> {
    if text.chars().count() > DESCRIPTION_LENGTH_MAX {
        let message = format!("must have at most {DESCRIPTION_LENGTH_MAX} characters");
        return Err(RoleError::invalid("description", message));
    }
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return Err(RoleError::invalid("description", "must not contain control characters"));
    }
    Ok(())
}

/// A role the platform defines.
fn built_in(name: &str) -> Result<Role, RoleError> {
    let rules = builtin::rules(Place::Environment)?.filter(|rule| &*rule.role == name).map(|rule| Rule {
        id: None,
        object: rule.action.object.to_owned(),
        action: rule.action.act.to_owned(),
        conditions: rule.conditions,
    });
    Ok(Role {
        name: name.to_owned(),
        description: String::new(),
        built_in: true,
        rules: rules.collect(),
        created_at: None,
        updated_at: None,
    })
}
