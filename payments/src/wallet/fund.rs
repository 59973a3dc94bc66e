//! Puts test money into a wallet: it comes from the world outside, through the environment's clearing account.

use kernel::{Amount, Currency, LedgerTransferId, WalletId};
use ledger::{ClearingPurpose, PostingError, Reason, Rejection, TransferDraft};
use policies::{FundWallet, Permit};

use super::{Refusal, Wallet, account_of, store, view};
use crate::{Context, Error, Failure, ownership::Visible};

/// Puts test money into a wallet. A refusal may leave the currency's clearing account opened, empty.
pub async fn fund(
    context: &Context<'_>,
    permit: &Permit<FundWallet>,
    id: WalletId,
    amount: Amount,
    currency: Currency,
) -> Result<Wallet, Error<Refusal>> {
    let reach = context.reach(permit)?;
    let visible = Visible::within(context, reach).await?;
    let row = store::find(context.tx, visible, id).await?;
    let row = row.ok_or(Refusal::Missing { object: "wallet", param: "id" })?;
    // Asked for after the wallet, so that one that may not be seen answers the same in both modes.
    if context.livemode() {
        return Err(Refusal::LiveMode.into());
    }
    if row.currency != currency.code() {
        return Err(Refusal::CurrencyMismatch.into());
    }
    let outside =
        ledger::clearing_account(context.tx, ClearingPurpose::External, currency, context.clock, context.entropy)
            .await?;
    let id = LedgerTransferId::generate(context.clock, context.entropy);
    let transfer = TransferDraft::new(id, outside, account_of(&row), amount, currency);
    ledger::post_in(context.tx, &[transfer], context.now()).await.map_err(posting_error)?;
    let accounts = ledger::accounts(context.tx, &[account_of(&row)]).await?;
    let account = accounts.get(&account_of(&row));
    Ok(view(row, account, context.livemode())?)
}

fn posting_error(error: PostingError) -> Error<Refusal> {
    match error {
        PostingError::Rejected(Rejection { reason: Reason::BalanceOverflow, .. }) => Refusal::BalanceTooLarge.into(),
        PostingError::Rejected(Rejection { reason: Reason::AccountFrozen, .. }) => Refusal::Frozen.into(),
        PostingError::Rejected(Rejection { reason: Reason::AccountClosed, .. }) => Refusal::Closed.into(),
        other => Error::Failed(Failure::Posting(other)),
    }
}
