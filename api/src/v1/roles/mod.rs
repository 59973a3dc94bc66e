//! `/v1/roles`: the built-in roles and those the tenant defines.

pub mod create;
pub mod delete;
pub mod list;
mod object;
pub mod retrieve;
pub mod update;

pub use object::{Role, RoleRule, RoleRuleBody};
