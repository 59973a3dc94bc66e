//! Giving a role to a member or key, and taking it away: nobody hands out or removes rights wider than his own.

use policies::{
    PolicySnapshot, Subject,
    role::{self, RoleError},
};
use tenancy::TenantTx;
use thiserror::Error;

use crate::{Error, Failure, Refusal, RefusalClass};

/// Why a role cannot be given or taken away.
#[derive(Clone, Debug, Error)]
pub enum GrantRefusal {
    /// There is no such role here.
    #[error("there is no such role")]
    RoleMissing,
    /// The actor does not hold what the role holds.
    #[error("this needs every right of the role: {0}")]
    NotAllowed(#[source] policies::Refusal),
}

impl Refusal for GrantRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::RoleMissing => "role_missing",
            Self::NotAllowed(refusal) => refusal.code(),
        }
    }

    fn param(&self) -> Option<&'static str> {
        Some("role")
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::RoleMissing => RefusalClass::Invalid,
            Self::NotAllowed(refusal) if refusal.is_unavailable() => RefusalClass::Unavailable,
            Self::NotAllowed(_) => RefusalClass::Denied,
        }
    }
}

/// Checks that the granter may give the role, and keeps it from being deleted until the transaction ends.
pub(crate) async fn may_give(
    tx: &TenantTx,
    snapshot: &PolicySnapshot,
    granter: &Subject,
    role: &str,
) -> Result<(), Error<GrantRefusal>> {
    match snapshot.may_grant_role(granter, role) {
        // The snapshot may know a role that was deleted since.
        Ok(()) if is_there(tx, role).await? => Ok(()),
        Ok(())
        | Err(
            policies::Refusal::UnknownRole
            | policies::Refusal::MalformedName { .. }
            | policies::Refusal::EmptyField { .. },
        ) => Err(GrantRefusal::RoleMissing.into()),
        Err(refusal) => Err(GrantRefusal::NotAllowed(refusal).into()),
    }
}

/// Checks that the granter may take the role from whoever holds it.
pub(crate) async fn may_take(
    tx: &TenantTx,
    snapshot: &PolicySnapshot,
    granter: &Subject,
    role: &str,
) -> Result<(), Error<GrantRefusal>> {
    match snapshot.may_grant_role(granter, role) {
        Ok(()) => Ok(()),
        // A role that is gone gives no rights; anybody who may remove may remove its last traces. One that is there
        // is newer than the snapshot, and what it gives is not known yet.
        Err(policies::Refusal::UnknownRole) if !is_there(tx, role).await? => Ok(()),
        Err(refusal) => Err(GrantRefusal::NotAllowed(refusal).into()),
    }
}

/// Whether there is such a role; if so it stays until the transaction ends.
async fn is_there(tx: &TenantTx, role: &str) -> Result<bool, Failure> {
    match role::hold(tx, role).await {
        Ok(()) => Ok(true),
        Err(RoleError::Database(error)) => Err(Failure::Database(error)),
        Err(_) => Ok(false),
    }
}
