//! Giving a role to a member or key, and taking it away: nobody hands out or removes rights wider than his own.

use entity::tenant::role;
use policies::{PolicySnapshot, Subject};
use sea_orm::{DbErr, EntityTrait as _, QuerySelect as _, sea_query::LockType};
use tenancy::TenantTx;
use thiserror::Error;

use crate::{Error, Refusal, RefusalClass};

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
        Ok(()) if policies::is_built_in(role) || exists(tx, role).await? => Ok(()),
        // A role that was deleted after the snapshot was taken, or made after it.
        Ok(()) | Err(policies::Refusal::UnknownRole | policies::Refusal::MalformedName { .. }) => {
            Err(GrantRefusal::RoleMissing.into())
        }
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
        // A role that is gone gives no rights; anybody who may remove may remove its last traces.
        Err(policies::Refusal::UnknownRole) if !exists(tx, role).await? => Ok(()),
        Err(refusal) => Err(GrantRefusal::NotAllowed(refusal).into()),
    }
}

async fn exists(tx: &TenantTx, role: &str) -> Result<bool, DbErr> {
    let found: Option<String> = role::Entity::find_by_id(role.to_owned())
        .select_only()
        .column(role::Column::Name)
        .lock(LockType::KeyShare)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(found.is_some())
}
