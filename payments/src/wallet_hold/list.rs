//! Reads holds by page, newest first.

use kernel::{WalletHoldId, WalletId};
use policies::{ListWalletHolds, Permit};

use super::{WalletHold, store};
use crate::{Context, Error, Page, PageRequest, page::Position, wallet_transfer::Refusal};

/// Reads a page of holds, of one source wallet where one is named.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListWalletHolds>,
    source: Option<WalletId>,
    request: PageRequest<WalletHoldId>,
) -> Result<Page<WalletHold>, Error<Refusal>> {
    context.reach_all(permit)?;
    let anchor = anchor(context, &request).await?;
    let page = store::list(context.tx, source, &request, anchor).await?;
    let items = store::views(context.tx, page.items, context.livemode()).await?;
    Ok(Page { items, has_more: page.has_more })
}

async fn anchor(
    context: &Context<'_>,
    request: &PageRequest<WalletHoldId>,
) -> Result<Option<Position>, Error<Refusal>> {
    let Some((id, param)) = request.anchor() else { return Ok(None) };
    let row = store::find(context.tx, *id).await?;
    let row = row.ok_or(Refusal::Missing { object: "wallet hold", param })?;
    Ok(Some((row.created_at, row.id)))
}
