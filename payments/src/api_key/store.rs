//! Rows of keys.

use entity::tenant::api_key::{ActiveModel, Column, Entity, Model};
use kernel::ApiKeyId;
use sea_orm::{DbErr, EntityTrait as _, PaginatorTrait as _, QuerySelect as _, sea_query::LockType};
use tenancy::TenantTx;

use crate::page::{self, Order, Page, PageRequest, Position};

pub(super) async fn insert(tx: &TenantTx, row: ActiveModel) -> Result<(), DbErr> {
    Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

pub(super) async fn count(tx: &TenantTx) -> Result<u64, DbErr> {
    Entity::find().count(tx).await
}

pub(super) async fn find(tx: &TenantTx, id: ApiKeyId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.as_uuid()).one(tx).await
}

/// Reads a key to remove it; a concurrent removal waits.
pub(super) async fn lock(tx: &TenantTx, id: ApiKeyId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.as_uuid()).lock(LockType::Update).one(tx).await
}

pub(super) async fn delete(tx: &TenantTx, id: ApiKeyId) -> Result<(), DbErr> {
    Entity::delete_by_id(id.as_uuid()).exec(tx).await.map(|_| ())
}

pub(super) async fn list(
    tx: &TenantTx,
    request: &PageRequest<ApiKeyId>,
    anchor: Option<Position>,
) -> Result<Page<Model>, DbErr> {
    page::read(tx, Entity::find(), Order { time: Column::CreatedAt, id: Column::Id }, request, anchor).await
}
