//! The transfers behind movements of the ledger.

use std::collections::BTreeMap;

use entity::tenant::wallet_transfer::{Column, Entity};
use kernel::LedgerTransferId;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{WalletTransfer, sealing};
use crate::{Context, Failure};

/// The wallet transfers that these movements carry out; movements without one are missing from the answer. Who may
/// see a wallet's movements may see their transfers: one side of each is that wallet.
pub(crate) async fn behind(
    context: &Context<'_>,
    transfers: &[LedgerTransferId],
) -> Result<BTreeMap<LedgerTransferId, WalletTransfer>, Failure> {
    // A wallet transfer and the ledger's have one id.
    let ids = transfers.iter().map(LedgerTransferId::as_uuid);
    let rows = Entity::find().filter(Column::Id.eq_any(ids)).all(context.tx).await?;
    rows.into_iter()
        .map(|row| {
            let movement = LedgerTransferId::from_uuid(row.id);
            Ok((movement, sealing::open(row, context.keys, context.livemode())?))
        })
        .collect()
}
