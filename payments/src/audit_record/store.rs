//! Rows of the audit log, read only.

use entity::tenant::audit_record::{Column, Entity, Model};
use kernel::AuditRecordId;
use sea_orm::{DbErr, EntityTrait as _};
use tenancy::TenantTx;

use crate::page::{self, Order, Page, PageRequest, Position};

pub(super) async fn find(tx: &TenantTx, id: AuditRecordId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.as_uuid()).one(tx).await
}

pub(super) async fn list(
    tx: &TenantTx,
    request: &PageRequest<AuditRecordId>,
    anchor: Option<Position>,
) -> Result<Page<Model>, DbErr> {
    page::read(tx, Entity::find(), Order { time: Column::At, id: Column::Id }, request, anchor).await
}
