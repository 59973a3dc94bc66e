//! Rows of holds: the ledger's and the merchant's, under one id.

use std::collections::HashMap;

use entity::tenant::wallet_hold::{Column, Entity, Model};
use kernel::{LedgerHoldId, WalletHoldId, WalletId};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use tenancy::TenantTx;

use super::WalletHold;
use crate::{
    Failure, metadata,
    page::{self, Order, Page, PageRequest, Position},
};

const TABLE: &str = "wallet_hold";

pub(super) async fn find(tx: &TenantTx, id: WalletHoldId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.as_uuid()).one(tx).await
}

pub(super) async fn list(
    tx: &TenantTx,
    source: Option<WalletId>,
    request: &PageRequest<WalletHoldId>,
    anchor: Option<Position>,
) -> Result<Page<Model>, DbErr> {
    let mut rows = Entity::find();
    if let Some(source) = source {
        rows = rows.filter(Column::SourceWalletId.eq(source.as_uuid()));
    }
    page::read(tx, rows, Order { time: Column::CreatedAt, id: Column::Id }, request, anchor).await
}

/// The rows with what the ledger says of them.
pub(super) async fn views(tx: &TenantTx, rows: Vec<Model>, livemode: bool) -> Result<Vec<WalletHold>, Failure> {
    let ids: Vec<_> = rows.iter().map(|row| LedgerHoldId::from_uuid(row.id)).collect();
    let holds: HashMap<_, _> = ledger::holds(tx, &ids).await?.into_iter().map(|hold| (hold.id, hold)).collect();
    rows.into_iter()
        .map(|row| {
            let hold = holds.get(&LedgerHoldId::from_uuid(row.id));
            let hold = hold.ok_or(Failure::Corrupt { table: TABLE, column: "id" })?;
            let sides = (WalletId::from_uuid(row.source_wallet_id), WalletId::from_uuid(row.destination_wallet_id));
            let metadata = metadata::from_json(TABLE, row.metadata)?;
            Ok(WalletHold::new(hold, sides, &metadata, (livemode, row.created_at)))
        })
        .collect()
}
