//! Rows of transfers. What happened is never changed.

use entity::tenant::{
    wallet,
    wallet_transfer::{Column, Entity, Model},
};
use kernel::{CustomerId, WalletId, WalletTransferId};
use sea_orm::{
    ColumnTrait as _, Condition, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::SelectStatement,
};
use tenancy::TenantTx;

use super::WalletTransferFilter;
use crate::{
    ownership::Visible,
    page::{self, Order, Page, PageRequest, Position},
};

/// A transfer the actor may see: one side of it is his.
pub(super) async fn find(tx: &TenantTx, visible: Visible, id: WalletTransferId) -> Result<Option<Model>, DbErr> {
    seen(Entity::find_by_id(id.as_uuid()), visible).one(tx).await
}

pub(super) async fn list(
    tx: &TenantTx,
    visible: Visible,
    filter: WalletTransferFilter,
    request: &PageRequest<WalletTransferId>,
    anchor: Option<Position>,
) -> Result<Page<Model>, DbErr> {
    let mut rows = seen(Entity::find(), visible);
    if let Some(wallet) = filter.wallet {
        rows = rows.filter(touches_wallet(wallet));
    }
    if let Some(customer) = filter.customer {
        rows = rows.filter(touches_customer(Some(customer)));
    }
    page::read(tx, rows, Order { time: Column::CreatedAt, id: Column::Id }, request, anchor).await
}

fn seen(rows: Select<Entity>, visible: Visible) -> Select<Entity> {
    match visible {
        Visible::All => rows,
        Visible::Of(own) => rows.filter(touches_customer(own)),
    }
}

fn touches_wallet(wallet: WalletId) -> Condition {
    Condition::any()
        .add(Column::SourceWalletId.eq(wallet.as_uuid()))
        .add(Column::DestinationWalletId.eq(wallet.as_uuid()))
}

fn touches_customer(customer: Option<CustomerId>) -> Condition {
    Condition::any()
        .add(Column::SourceWalletId.in_subquery(wallets_of(customer)))
        .add(Column::DestinationWalletId.in_subquery(wallets_of(customer)))
}

/// The ids of a customer's wallets; of nobody, none.
fn wallets_of(customer: Option<CustomerId>) -> SelectStatement {
    wallet::Entity::find()
        .select_only()
        .column(wallet::Column::Id)
        .filter(wallet::Column::CustomerId.is_in(customer.map(|customer| customer.as_uuid())))
        .into_query()
}
