//! Moves money between two wallets.

use std::fmt;

use entity::tenant::wallet_transfer::ActiveModel;
use kernel::{Amount, Currency, LedgerTransferId, WalletId, WalletTransferId};
use ledger::{PostingError, Reason, Rejection, TransferDraft};
use policies::{CreateWalletTransfer, Permit};
use sea_orm::ActiveValue::Set;

use super::{Refusal, WalletTransfer, decide, sealing, store};
use crate::{
    Context, Error, Failure,
    field::{self, Hidden},
    metadata::{self, MetadataDraft},
    ownership::Visible,
    wallet,
};

/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 500;

/// A movement to make. Debug output hides its description.
#[derive(Clone)]
pub struct WalletTransferDraft {
    /// From.
    pub source: WalletId,
    /// To.
    pub destination: WalletId,
    /// How much.
    pub amount: Amount,
    /// Of what; both wallets must be in it.
    pub currency: Currency,
    /// What for, in people's words.
    pub description: Option<String>,
    /// The merchant's own key-value pairs.
    pub metadata: MetadataDraft,
}

impl fmt::Debug for WalletTransferDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WalletTransferDraft")
            .field("source", &self.source)
            .field("destination", &self.destination)
            .field("amount", &self.amount)
            .field("currency", &self.currency)
            .field("description", &Hidden::of(self.description.as_ref()))
            .finish_non_exhaustive()
    }
}

/// Moves money between two wallets, wholly or not at all.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateWalletTransfer>,
    draft: WalletTransferDraft,
) -> Result<WalletTransfer, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let metadata = metadata::checked(draft.metadata).map_err(Refusal::Invalid)?;
    let description = draft
        .description
        .map(|text| field::text("description", text, DESCRIPTION_CHARS_MAX))
        .transpose()
        .map_err(Refusal::Invalid)?;
    decide::distinct(draft.source, draft.destination)?;
    let (source, destination) = wallet::store::find_pair(context.tx, draft.source, draft.destination).await?;
    let sides = decide::decide(visible, source.as_ref(), destination.as_ref(), draft.currency)?;

    // Sealed before anything is posted: without a key nothing has been written yet.
    let id = WalletTransferId::generate(context.clock, context.entropy);
    let sealed = sealing::seal(context.keys, id, description.as_ref())?;
    let now = context.now();
    let ledger_transfer = LedgerTransferId::from_uuid(id.as_uuid());
    let transfer = TransferDraft::new(ledger_transfer, sides.debit, sides.credit, draft.amount, draft.currency);
    ledger::post_in(context.tx, &[transfer], now).await.map_err(posting_error)?;
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        source_wallet_id: Set(draft.source.as_uuid()),
        destination_wallet_id: Set(draft.destination.as_uuid()),
        amount_minor: Set(draft.amount.minor()),
        currency: Set(draft.currency.code()),
        ledger_transfer_id: Set(ledger_transfer.as_uuid()),
        description: Set(sealed),
        metadata: Set(metadata::to_json(&metadata)),
        created_at: Set(now),
    };
    store::insert(context.tx, row).await?;
    Ok(WalletTransfer {
        id,
        source: draft.source,
        destination: draft.destination,
        amount: draft.amount,
        currency: draft.currency,
        description,
        metadata,
        livemode: context.livemode(),
        created: now,
    })
}

/// What a rejection of the only transfer means to a client. The others cannot come about: wallets and accounts agree.
fn posting_error(error: PostingError) -> Error<Refusal> {
    match error {
        PostingError::Rejected(Rejection { reason: Reason::InsufficientFunds, .. }) => {
            Refusal::InsufficientFunds.into()
        }
        PostingError::Rejected(Rejection { reason: Reason::BalanceOverflow, .. }) => Refusal::BalanceTooLarge.into(),
        other => Error::Failed(Failure::Posting(other)),
    }
}
