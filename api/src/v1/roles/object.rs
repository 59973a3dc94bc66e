//! The role as the API shows it.

use policies::role;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{ApiError, call::Target};

/// A role and what it may.
#[derive(Serialize, ToSchema)]
pub struct Role {
    /// The name that members and keys carry.
    name: String,
    /// Always `role`.
    object: &'static str,
    /// For people.
    description: String,
    /// Whether it comes with Tessera and cannot be changed.
    built_in: bool,
    /// What it may.
    rules: Vec<RoleRule>,
    /// When it was made, in Unix seconds; null for built-in roles.
    created: Option<i64>,
}

/// One permission.
#[derive(Serialize, ToSchema)]
pub struct RoleRule {
    /// Identifier; null for built-in roles.
    id: Option<String>,
    /// Resource kind, such as `wallet_transfer`.
    object: String,
    /// Verb, such as `create`.
    action: String,
    /// When it holds; empty means always.
    #[schema(value_type = Object)]
    conditions: Value,
}

/// One permission as asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRuleBody {
    /// Resource kind, such as `wallet_transfer`.
    object: String,
    /// Verb, such as `create`.
    action: String,
    /// The closed form: `amount_max`, `currency`, `own`, `hours`, `country`, `mfa`.
    #[serde(default = "no_conditions")]
    #[schema(value_type = Object)]
    conditions: Value,
}

fn no_conditions() -> Value {
    Value::Object(serde_json::Map::new())
}

impl From<RoleRuleBody> for role::RuleDraft {
    fn from(body: RoleRuleBody) -> Self {
        Self { object: body.object, action: body.action, conditions: body.conditions }
    }
}

impl Target for Role {
    fn target(&self) -> String {
        self.name.clone()
    }
}

impl TryFrom<role::Role> for Role {
    type Error = ApiError;

    fn try_from(role: role::Role) -> Result<Self, ApiError> {
        let rules = role.rules.into_iter().map(RoleRule::try_from).collect::<Result<_, _>>()?;
        Ok(Self {
            name: role.name,
            object: "role",
            description: role.description,
            built_in: role.built_in,
            rules,
            created: role.created_at.map(time::OffsetDateTime::unix_timestamp),
        })
    }
}

impl TryFrom<role::Rule> for RoleRule {
    type Error = ApiError;

    fn try_from(rule: role::Rule) -> Result<Self, ApiError> {
        let conditions =
            serde_json::to_value(&rule.conditions).map_err(|error| ApiError::internal().caused_by(error))?;
        let id = rule.id.map(|id| id.to_string());
        Ok(Self { id, object: rule.object, action: rule.action, conditions })
    }
}
