//! What wallets and wallet transfers know of the ledger's entries.

use std::collections::BTreeMap;

use entity::tenant::wallet;
use kernel::{LedgerAccountId, LedgerTransferId, WalletId};
use ledger::history::HistoryEntry;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use tenancy::TenantTx;
use uuid::Uuid;

use super::Movement;
use crate::{Context, Failure, wallet_transfer};

/// Entries with the balance after each, told in the words of wallets.
pub(super) async fn described(
    context: &Context<'_>,
    entries: Vec<HistoryEntry>,
    balances: Vec<i64>,
) -> Result<Vec<Movement>, Failure> {
    let transfers: Vec<LedgerTransferId> = entries.iter().map(|entry| entry.transfer).collect();
    let mut transfers = wallet_transfer::behind(context, &transfers).await?;
    let wallets = wallets_of(context.tx, entries.iter().map(|entry| entry.counterparty)).await?;
    let movements = entries.into_iter().zip(balances).map(|(entry, balance_after_minor)| {
        let transfer = transfers.remove(&entry.transfer);
        let (id, description, metadata) = match transfer {
            Some(transfer) => (Some(transfer.id), transfer.description, transfer.metadata),
            None => (None, None, BTreeMap::new()),
        };
        Movement {
            entry: entry.transfer,
            transfer: id,
            amount_minor: entry.amount_minor,
            balance_after_minor,
            occurred_at: entry.effective_at,
            booked_at: entry.created_at,
            counterparty: wallets.get(&entry.counterparty).copied(),
            reversal: entry.reversal,
            description,
            metadata,
        }
    });
    Ok(movements.collect())
}

/// The wallets in front of these accounts; accounts without one are missing from the answer.
async fn wallets_of(
    tx: &TenantTx,
    accounts: impl Iterator<Item = LedgerAccountId>,
) -> Result<BTreeMap<LedgerAccountId, WalletId>, DbErr> {
    let mut ids: Vec<Uuid> = accounts.map(|account| account.as_uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    // A wallet and its account have one id.
    let rows: Vec<Uuid> = wallet::Entity::find()
        .select_only()
        .column(wallet::Column::Id)
        .filter(wallet::Column::Id.eq_any(ids))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|id| (LedgerAccountId::from_uuid(id), WalletId::from_uuid(id))).collect())
}
