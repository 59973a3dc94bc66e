//! Reads transfers by page, newest first.

use kernel::{CustomerId, WalletId, WalletTransferId};
use policies::{ListWalletTransfers, Permit};

use super::{Refusal, WalletTransfer, sealing, store};
use crate::{Context, Error, Page, PageRequest, ownership::Visible, page::Position};

/// Which transfers; with both, those that meet both.
#[derive(Clone, Copy, Debug, Default)]
pub struct WalletTransferFilter {
    /// From or to this wallet.
    pub wallet: Option<WalletId>,
    /// From or to a wallet of this customer.
    pub customer: Option<CustomerId>,
}

/// Reads a page of transfers.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListWalletTransfers>,
    filter: WalletTransferFilter,
    request: PageRequest<WalletTransferId>,
) -> Result<Page<WalletTransfer>, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let anchor = anchor(context, visible, &request).await?;
    let page = store::list(context.tx, visible, filter, &request, anchor).await?;
    Ok(page.try_map(|row| sealing::open(row, context.keys, context.livemode()))?)
}

async fn anchor(
    context: &Context<'_>,
    visible: Visible,
    request: &PageRequest<WalletTransferId>,
) -> Result<Option<Position>, Error<Refusal>> {
    let Some((id, param)) = request.anchor() else { return Ok(None) };
    let row = store::find(context.tx, visible, *id).await?;
    let row = row.ok_or(Refusal::Missing { object: "wallet transfer", param })?;
    Ok(Some((row.created_at, row.id)))
}
