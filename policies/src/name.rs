//! Names of roles: which are built in, and what a tenant may call his own.

use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;

/// Shortest name of a tenant's role, in characters.
const LENGTH_MIN: usize = 3;
/// Longest name of a tenant's role, in characters.
const LENGTH_MAX: usize = 40;
/// Only the platform's own staff carry names that begin with the first, only its jobs with the second.
const RESERVED_PREFIXES: [&str; 2] = ["staff_", "system_"];

/// The role that may do everything in its tenant and that only its like may give.
pub const OWNER: &str = "owner";
/// The role of an end user who is no member.
pub const CUSTOMER: &str = "customer";
/// Built-in roles of an environment.
pub const TENANT_ROLES: &[&str] = &[OWNER, "admin", "operator", "analyst", "read_only", CUSTOMER];
/// Built-in roles of the platform's staff.
pub const STAFF_ROLES: &[&str] = &["staff_admin", "staff_operator", "staff_read_only"];

/// Built-in roles of the platform's jobs: they act in an environment, and nobody can be given one.
pub const SYSTEM_ROLES: &[&str] = &["system_hold_expiry", "system_ledger_audit"];

/// The name of a role a tenant defined: `[a-z][a-z0-9_]{2,39}`, neither built in nor a staff name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(Arc<str>);

/// Why a text names no tenant-defined role.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RoleNameError {
    /// Wrong length or characters.
    #[error("a role name has 3 to 40 characters: lower-case letters, digits and underscores, starting with a letter")]
    Malformed,
    /// The name of a built-in role.
    #[error("this role is built in")]
    BuiltIn,
    /// Begins as only names of the platform do.
    #[error("names that begin with `staff_` or `system_` belong to the platform")]
    Reserved,
}

impl RoleName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shared text.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

/// Whether the text has the shape of any role name, built in or not.
pub(crate) fn is_well_formed(text: &str) -> bool {
    (LENGTH_MIN..=LENGTH_MAX).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether the platform defines the role.
pub fn is_built_in(text: &str) -> bool {
    [TENANT_ROLES, STAFF_ROLES, SYSTEM_ROLES].iter().any(|roles| roles.contains(&text))
}

impl FromStr for RoleName {
    type Err = RoleNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !is_well_formed(text) {
            Err(RoleNameError::Malformed)
        } else if is_built_in(text) {
            Err(RoleNameError::BuiltIn)
        } else if RESERVED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            Err(RoleNameError::Reserved)
        } else {
            Ok(Self(Arc::from(text)))
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for RoleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_role_has_a_plain_name_of_its_own() {
        for good in ["cashier", "night_shift_2", "abc"] {
            assert!(good.parse::<RoleName>().is_ok(), "{good}");
        }
        for bad in ["", "ab", "1ab", "Cashier", "cash*", "a::b", "cash ier", "caf\u{e9}", "_ab", "a-b-c"] {
            assert_eq!(bad.parse::<RoleName>(), Err(RoleNameError::Malformed), "{bad}");
        }
        assert_eq!("a".repeat(41).parse::<RoleName>(), Err(RoleNameError::Malformed));
        assert_eq!("owner".parse::<RoleName>(), Err(RoleNameError::BuiltIn));
        assert_eq!("staff_admin".parse::<RoleName>(), Err(RoleNameError::BuiltIn));
        assert_eq!("staff_root".parse::<RoleName>(), Err(RoleNameError::Reserved));
        assert_eq!("system_ledger_audit".parse::<RoleName>(), Err(RoleNameError::BuiltIn));
        assert_eq!("system_root".parse::<RoleName>(), Err(RoleNameError::Reserved));
    }
}
