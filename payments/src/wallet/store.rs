//! Rows of wallets.

use entity::tenant::wallet::{ActiveModel, Column, Entity, Model};
use kernel::{CustomerId, Money, WalletId};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use tenancy::TenantTx;
use uuid::Uuid;

use super::TABLE;
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

/// What a wallet the actor may see holds, in one round trip: a wallet and its account have one id.
pub(super) async fn balance(tx: &TenantTx, visible: Visible, id: WalletId) -> Result<Option<Money>, Failure> {
    let id = id.as_uuid();
    let found: Option<(Option<Uuid>, String, i64)> = tx
        .with_connection(move |connection| {
            Box::pin(async move {
                sqlx::query_as(
                    "SELECT wallet.customer_id, account.currency, account.balance_minor \
                     FROM wallet JOIN ledger_account account ON account.id = wallet.id WHERE wallet.id = $1",
                )
                .bind(id)
                .fetch_optional(connection)
                .await
            })
        })
        .await?;
    found
        .filter(|(customer, ..)| visible.admits(customer.map(CustomerId::from_uuid)))
        .map(|(_, currency, minor)| {
            let currency = currency.parse().map_err(|_| Failure::Corrupt { table: TABLE, column: "currency" })?;
            Ok(Money { minor, currency })
        })
        .transpose()
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
