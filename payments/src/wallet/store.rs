//! Rows of wallets.

use std::collections::HashMap;

use entity::tenant::wallet::{ActiveModel, Column, Entity, Model};
use kernel::{CustomerId, WalletId};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, entity::prelude::Json};
use tenancy::TenantTx;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Failure,
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

/// These wallets, whoever they belong to; those that do not exist are missing from the answer.
pub(super) async fn find_all(tx: &TenantTx, ids: Vec<WalletId>) -> Result<HashMap<WalletId, Model>, Failure> {
    type Row = (Uuid, Option<Uuid>, Uuid, String, String, Json, OffsetDateTime);
    let ids: Vec<Uuid> = ids.iter().map(WalletId::as_uuid).collect();
    let rows: Vec<Row> = tx
        .with_connection(move |connection| {
            Box::pin(async move {
                // One text for any number of wallets: the ORM's list would be a statement for each.
                sqlx::query_as(
                    "SELECT id, customer_id, account_id, type, currency, metadata, created_at FROM wallet \
                     WHERE id = ANY($1)",
                )
                .bind(ids)
                .fetch_all(connection)
                .await
            })
        })
        .await?;
    let models = rows.into_iter().map(|(id, customer_id, account_id, r#type, currency, metadata, created_at)| {
        let row = Model { id, customer_id, account_id, r#type, currency, metadata, created_at };
        (WalletId::from_uuid(id), row)
    });
    Ok(models.collect())
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
