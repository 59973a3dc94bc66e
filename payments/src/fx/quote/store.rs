//! Rows of quotes. What was promised is never changed.

use entity::tenant::fx_quote::{ActiveModel, Column, Entity, Model};
use kernel::{CustomerId, FxQuoteId};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use tenancy::TenantTx;

use crate::{
    ownership::Visible,
    page::{self, Order, Page, PageRequest, Position},
};

pub(super) async fn insert(tx: &TenantTx, row: ActiveModel) -> Result<(), DbErr> {
    Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

/// A quote the actor may see.
pub(in crate::fx) async fn find(tx: &TenantTx, visible: Visible, id: FxQuoteId) -> Result<Option<Model>, DbErr> {
    let row = Entity::find_by_id(id.as_uuid()).one(tx).await?;
    Ok(row.filter(|row| visible.admits(row.customer_id.map(CustomerId::from_uuid))))
}

pub(super) async fn list(
    tx: &TenantTx,
    visible: Visible,
    customer: Option<CustomerId>,
    request: &PageRequest<FxQuoteId>,
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
