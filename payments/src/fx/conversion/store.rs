//! Rows of conversions. What happened is never changed.

use entity::tenant::fx_conversion::{ActiveModel, Column, Entity, Model};
use kernel::{CustomerId, FxConversionId, FxQuoteId};
use sea_orm::{ColumnTrait as _, Condition, DbErr, EntityTrait as _, QueryFilter as _};
use tenancy::TenantTx;

use super::FxConversionFilter;
use crate::{
    ownership::Visible,
    page::{self, Order, Page, PageRequest, Position},
};

/// Keeps other conversions away from the quote until this transaction ends, and says whether it has served one.
///
/// The row itself cannot be locked by who may not change it, and running into the UNIQUE constraint would cost the
/// transaction that the refusal is written in. Account locks come after this one, so nobody waits in a circle.
pub(super) async fn claim(tx: &TenantTx, quote: FxQuoteId) -> Result<bool, sqlx::Error> {
    let quote = quote.as_uuid();
    let (_, number) = quote.as_u64_pair();
    let lock = i64::from_ne_bytes(number.to_ne_bytes());
    tx.with_connection(move |connection| {
        Box::pin(async move {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(lock).execute(&mut *connection).await?;
            // A later statement has a later snapshot: what was committed while waiting is seen.
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM fx_conversion WHERE quote_id = $1)")
                .bind(quote)
                .fetch_one(&mut *connection)
                .await
        })
    })
    .await
}

pub(super) async fn insert(tx: &TenantTx, row: ActiveModel) -> Result<(), DbErr> {
    Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

/// A conversion the actor may see.
pub(super) async fn find(tx: &TenantTx, visible: Visible, id: FxConversionId) -> Result<Option<Model>, DbErr> {
    let row = Entity::find_by_id(id.as_uuid()).one(tx).await?;
    Ok(row.filter(|row| visible.admits(row.customer_id.map(CustomerId::from_uuid))))
}

pub(super) async fn list(
    tx: &TenantTx,
    visible: Visible,
    filter: FxConversionFilter,
    request: &PageRequest<FxConversionId>,
    anchor: Option<Position>,
) -> Result<Page<Model>, DbErr> {
    let mut rows = Entity::find();
    if let Visible::Of(own) = visible {
        rows = rows.filter(Column::CustomerId.is_in(own.map(|own| own.as_uuid())));
    }
    if let Some(customer) = filter.customer {
        rows = rows.filter(Column::CustomerId.eq(customer.as_uuid()));
    }
    if let Some(wallet) = filter.wallet {
        let wallet = wallet.as_uuid();
        let touches =
            Condition::any().add(Column::SourceWalletId.eq(wallet)).add(Column::DestinationWalletId.eq(wallet));
        rows = rows.filter(touches);
    }
    page::read(tx, rows, Order { time: Column::CreatedAt, id: Column::Id }, request, anchor).await
}
