//! Reads one wallet with its balance.

use kernel::WalletId;
use policies::{Permit, RetrieveWallet};

use super::{Refusal, Wallet, account_of, store, view};
use crate::{Context, Error, ownership::Visible};

/// Reads one wallet; what the actor may not see is not there.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveWallet>,
    id: WalletId,
) -> Result<Wallet, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let row = store::find(context.tx, visible, id).await?;
    let row = row.ok_or(Refusal::Missing { object: "wallet", param: "id" })?;
    let accounts = ledger::accounts(context.tx, &[account_of(&row)]).await?;
    let account = accounts.get(&account_of(&row));
    Ok(view(row, account, context.livemode())?)
}
