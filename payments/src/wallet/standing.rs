//! Freezes, unfreezes and closes wallets.

use kernel::WalletId;
use ledger::rules::{AccountState, Standing};
use policies::{CloseWallet, FreezeWallet, Permit};

use super::{Refusal, Wallet, account_of, store, view};
use crate::{Context, Error, ownership::Visible};

/// Lets a wallet take and give nothing until it is unfrozen. Its holds may still end.
pub async fn freeze(
    context: &Context<'_>,
    permit: &Permit<FreezeWallet>,
    id: WalletId,
) -> Result<Wallet, Error<Refusal>> {
    context.reach_all(permit)?;
    change(context, id, |_| Ok(Standing::Frozen)).await
}

/// Lets a frozen wallet take and give again.
pub async fn unfreeze(
    context: &Context<'_>,
    permit: &Permit<FreezeWallet>,
    id: WalletId,
) -> Result<Wallet, Error<Refusal>> {
    context.reach_all(permit)?;
    change(context, id, |_| Ok(Standing::Open)).await
}

/// Closes an empty wallet for ever. Closing it again changes nothing.
pub async fn close(
    context: &Context<'_>,
    permit: &Permit<CloseWallet>,
    id: WalletId,
) -> Result<Wallet, Error<Refusal>> {
    context.reach_all(permit)?;
    let empty = |account: &AccountState| account.balance_minor == 0 && account.held_minor == 0;
    change(context, id, |account| if empty(account) { Ok(Standing::Closed) } else { Err(Refusal::NotEmpty) }).await
}

async fn change(
    context: &Context<'_>,
    id: WalletId,
    next: impl Fn(&AccountState) -> Result<Standing, Refusal>,
) -> Result<Wallet, Error<Refusal>> {
    let missing = Refusal::Missing { object: "wallet", param: "id" };
    let row = store::find(context.tx, Visible::All, id).await?.ok_or(missing)?;
    let locked = ledger::lock_accounts(context.tx, &[account_of(&row)]).await?;
    let account = locked.first().ok_or(missing)?;
    let standing = next(account)?;
    if account.standing == Standing::Closed && standing != Standing::Closed {
        return Err(Refusal::Closed.into());
    }
    ledger::set_standing(context.tx, account.id, standing).await?;
    Ok(view(row, Some(&AccountState { standing, ..*account }), context.livemode())?)
}
