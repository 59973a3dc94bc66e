//! Tenants: made, looked at, changed, taken off the air, ended.

mod create;
mod issuer;
mod offboard;
mod record;
mod status;
mod store;
mod update;

use sea_orm::{ConnectionTrait, DbErr};

pub(super) use create::{Creation, creation, provision};
pub(super) use offboard::offboard;
pub use record::{Tenant, TenantFilter, TenantStatus};
pub(super) use status::wrong_status;
pub(super) use store::{find, lock, lock_slug, tenant_missing};
pub(super) use update::{Updating, apply_update};

use crate::SchemaName;

/// From here on the transaction's unqualified names are this environment's.
pub(super) async fn enter<C: ConnectionTrait>(tx: &C, schema: &SchemaName) -> Result<(), DbErr> {
    tx.execute_unprepared(&format!("SET LOCAL search_path TO {}, pg_temp", schema.quoted())).await.map(|_| ())
}
