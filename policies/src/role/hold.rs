//! Making sure a role that is about to be given to somebody exists and stays.

use tenancy::TenantTx;

use super::{RoleError, store};
use crate::name::{RoleName, TENANT_ROLES};

/// For whoever writes a member or an API key: the role exists, and nobody removes it before this
/// transaction ends. It says nothing about who may give it; that is the snapshot's `may_grant_role`.
pub async fn hold(tx: &TenantTx, name: &str) -> Result<(), RoleError> {
    if TENANT_ROLES.contains(&name) {
        return Ok(());
    }
    let name = name.parse::<RoleName>().map_err(|_| RoleError::NotFound)?;
    store::hold_role(tx, name.as_str()).await?.map(|_| ()).ok_or(RoleError::NotFound)
}
