//! What a conversion is in the ledger. No transfer crosses currencies, so it is two linked ones through the
//! environment's position in each currency, and a third that moves the spread from the position to the revenue.

use kernel::{Amount, Currency, LedgerAccountId, LedgerTransferId};
use ledger::{ClearingPurpose, TransferDraft};

use super::decide::Decided;
use crate::{Context, Failure};

/// The transfers of one conversion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Legs {
    /// From the source to the position, in the source's currency.
    pub(super) source: TransferDraft,
    /// From the position to the destination, in the destination's currency.
    pub(super) destination: TransferDraft,
    /// From the position to the revenue, in the destination's currency.
    pub(super) spread: Option<TransferDraft>,
}

/// The environment's side of a conversion.
struct Clearing {
    position_from: LedgerAccountId,
    position_to: LedgerAccountId,
    revenue: LedgerAccountId,
}

impl Legs {
    /// The transfers, after the environment's accounts have been found or opened.
    pub(super) async fn of(context: &Context<'_>, decided: &Decided, amount: Amount) -> Result<Self, Failure> {
        let clearing = clearing(context, decided.from, decided.to).await?;
        let transfer = |debit, credit, amount, currency| {
            let id = LedgerTransferId::generate(context.clock, context.entropy);
            TransferDraft::new(id, debit, credit, amount, currency)
        };
        let converted = decided.converted;
        Ok(Self {
            source: transfer(decided.debit, clearing.position_from, amount, decided.from),
            destination: transfer(clearing.position_to, decided.credit, converted.amount, decided.to),
            spread: converted.spread.map(|spread| transfer(clearing.position_to, clearing.revenue, spread, decided.to)),
        })
    }

    /// In the order they are posted.
    pub(super) fn posting(&self) -> Vec<TransferDraft> {
        [self.source, self.destination].into_iter().chain(self.spread).collect()
    }
}

/// Opened in one order whichever way is converted: two first conversions of a pair in opposite directions would
/// otherwise wait for each other.
async fn clearing(context: &Context<'_>, from: Currency, to: Currency) -> Result<Clearing, Failure> {
    let account =
        |purpose, currency| ledger::clearing_account(context.tx, purpose, currency, context.clock, context.entropy);
    let position = ClearingPurpose::FxPosition;
    let (position_from, position_to) = if from.code() < to.code() {
        let from = account(position, from).await?;
        (from, account(position, to).await?)
    } else {
        let to = account(position, to).await?;
        (account(position, from).await?, to)
    };
    let revenue = account(ClearingPurpose::FxRevenue, to).await?;
    Ok(Clearing { position_from, position_to, revenue })
}
