//! Reads wallets by page, newest first.

use kernel::{CustomerId, LedgerAccountId, WalletId};
use policies::{ListWallets, Permit};

use super::{Refusal, Wallet, account_of, store, view};
use crate::{Context, Error, Page, PageRequest, ownership::Visible, page::Position};

/// Which wallets.
#[derive(Clone, Copy, Debug, Default)]
pub struct WalletFilter {
    /// Those of this customer.
    pub customer: Option<CustomerId>,
}

/// Reads a page of wallets with their balances.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListWallets>,
    filter: WalletFilter,
    request: PageRequest<WalletId>,
) -> Result<Page<Wallet>, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let anchor = anchor(context, visible, &request).await?;
    let page = store::list(context.tx, visible, filter.customer, &request, anchor).await?;
    let accounts: Vec<LedgerAccountId> = page.items.iter().map(account_of).collect();
    let accounts = ledger::accounts(context.tx, &accounts).await?;
    let view = |row| {
        let account = accounts.get(&account_of(&row));
        view(row, account, context.livemode())
    };
    Ok(page.try_map(view)?)
}

async fn anchor(
    context: &Context<'_>,
    visible: Visible,
    request: &PageRequest<WalletId>,
) -> Result<Option<Position>, Error<Refusal>> {
    let Some((id, param)) = request.anchor() else { return Ok(None) };
    let row = store::find(context.tx, visible, *id).await?;
    let row = row.ok_or(Refusal::Missing { object: "wallet", param })?;
    Ok(Some((row.created_at, row.id)))
}
