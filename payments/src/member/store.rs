//! Rows of members.

use entity::tenant::member::{ActiveModel, Column, Entity, Model};
use kernel::MemberId;
use sea_orm::{
    ColumnTrait as _, Condition, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, TryInsertResult, sea_query::LockType,
};
use tenancy::TenantTx;

use crate::page::{self, Order, Page, PageRequest, Position};

/// Adds a member, unless the person is one already.
pub(super) async fn insert(tx: &TenantTx, row: ActiveModel) -> Result<bool, DbErr> {
    let inserted = Entity::insert(row)
        .on_conflict_do_nothing_on([Column::Issuer, Column::Subject])
        .exec_without_returning(tx)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1)))
}

pub(super) async fn count(tx: &TenantTx) -> Result<u64, DbErr> {
    Entity::find().count(tx).await
}

pub(super) async fn find(tx: &TenantTx, id: MemberId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.as_uuid()).one(tx).await
}

/// The member and all who have the role, locked in id order. Two removals of two owners so wait for each other, and
/// the second sees that it would be the last.
pub(super) async fn lock_with_holders(tx: &TenantTx, id: MemberId, role: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Condition::any().add(Column::Id.eq(id.as_uuid())).add(Column::Role.eq(role)))
        .order_by_asc(Column::Id)
        .lock(LockType::Update)
        .all(tx)
        .await
}

pub(super) async fn update(tx: &TenantTx, row: ActiveModel) -> Result<(), DbErr> {
    Entity::update(row).exec_without_returning(tx).await.map(|_| ())
}

pub(super) async fn delete(tx: &TenantTx, id: MemberId) -> Result<(), DbErr> {
    Entity::delete_by_id(id.as_uuid()).exec(tx).await.map(|_| ())
}

pub(super) async fn list(
    tx: &TenantTx,
    request: &PageRequest<MemberId>,
    anchor: Option<Position>,
) -> Result<Page<Model>, DbErr> {
    page::read(tx, Entity::find(), Order { time: Column::CreatedAt, id: Column::Id }, request, anchor).await
}
