//! Rows of wallets.

use entity::tenant::wallet::{ActiveModel, Column, Entity, Model};
use kernel::{CustomerId, WalletId};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use tenancy::TenantTx;

use crate::{
    ownership::Visible,
    page::{self, Order, Page, PageRequest, Position},
};

pub(super) async fn insert(tx: &TenantTx, row: ActiveModel) -> Result<(), DbErr> {
    Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

/// A wallet the actor may see.
pub(crate) async fn find(tx: &TenantTx, visible: Visible, id: WalletId) -> Result<Option<Model>, DbErr> {
    let row = Entity::find_by_id(id.as_uuid()).one(tx).await?;
    Ok(row.filter(|row| visible.admits(row.customer_id.map(CustomerId::from_uuid))))
}

/// Both wallets of a transfer, whoever they belong to, in one round trip.
pub(crate) async fn find_pair(
    tx: &TenantTx,
    first: WalletId,
    second: WalletId,
) -> Result<(Option<Model>, Option<Model>), DbErr> {
    let ids = [first.as_uuid(), second.as_uuid()];
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(tx).await?;
    let find = |id: WalletId| rows.iter().find(|row| row.id == id.as_uuid()).cloned();
    Ok((find(first), find(second)))
}

pub(super) async fn list(
    tx: &TenantTx,
    visible: Visible,
    customer: Option<CustomerId>,
    request: &PageRequest<WalletId>,
    anchor: Option<Position>,
) -> Result<Page<Model>, DbErr> {
    let mut rows = Entity::find();
    if let Visible::Of(own) = visible {
        rows = rows.filter(Column::CustomerId.is_in(own.map(|own| own.as_uuid())));
    }
    if let Some(customer) = customer {
        rows = rows.filter(Column::CustomerId.eq(customer.as_uuid()));
    }
    page::read(tx, rows, Order { time: Column::CreatedAt, id: Column::Id }, request, anchor).await
}
