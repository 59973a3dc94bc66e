//! Rows of customers.

use entity::tenant::customer::{ActiveModel, Column, Entity, Model};
use kernel::CustomerId;
use keyring::BlindIndex;
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _, TryInsertResult, sea_query::LockType,
};
use tenancy::TenantTx;

use crate::{
    ownership::Visible,
    page::{self, Order, Page, PageRequest, Position},
};

/// Adds a customer, unless one is linked to the same person already.
pub(super) async fn insert(tx: &TenantTx, row: ActiveModel) -> Result<bool, DbErr> {
    let inserted = Entity::insert(row)
        .on_conflict_do_nothing_on([Column::Issuer, Column::Subject])
        .exec_without_returning(tx)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1)))
}

pub(super) async fn find(tx: &TenantTx, id: CustomerId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.as_uuid()).one(tx).await
}

/// Whether there is such a customer.
pub(crate) async fn exists(tx: &TenantTx, id: CustomerId) -> Result<bool, DbErr> {
    let found: Option<uuid::Uuid> =
        Entity::find_by_id(id.as_uuid()).select_only().column(Column::Id).into_tuple().one(tx).await?;
    Ok(found.is_some())
}

/// Reads a customer for a change; a concurrent change waits.
pub(super) async fn lock(tx: &TenantTx, id: CustomerId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate).one(tx).await
}

pub(super) async fn update(tx: &TenantTx, row: ActiveModel) -> Result<(), DbErr> {
    Entity::update(row).exec_without_returning(tx).await.map(|_| ())
}

pub(super) async fn list(
    tx: &TenantTx,
    visible: Visible,
    email_indexes: Option<Vec<BlindIndex>>,
    request: &PageRequest<CustomerId>,
    anchor: Option<Position>,
) -> Result<Page<Model>, DbErr> {
    let mut rows = Entity::find();
    if let Visible::Of(own) = visible {
        rows = rows.filter(Column::Id.is_in(own.map(|own| own.as_uuid())));
    }
    if let Some(indexes) = email_indexes {
        rows = rows.filter(Column::EmailIndex.is_in(indexes));
    }
    page::read(tx, rows, Order { time: Column::CreatedAt, id: Column::Id }, request, anchor).await
}
