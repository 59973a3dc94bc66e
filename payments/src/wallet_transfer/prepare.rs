//! What can be said of a transfer before anything is read.

use std::fmt;

use kernel::{Amount, Clock, Currency, Entropy, WalletId, WalletTransferId};
use time::OffsetDateTime;

use super::{Refusal, decide, sealing};
use crate::{
    Failure, KeyAccess,
    desk::{Ask, TransferAsk},
    field::{self, Hidden},
    metadata::{self, MetadataDraft},
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
    /// When it counts, where that is not now; never in the future.
    pub occurred_at: Option<OffsetDateTime>,
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

/// The draft as it is asked of the desk, under an id of its own. Its description is sealed now: without a key
/// nothing has been asked for yet.
pub fn prepare(
    draft: WalletTransferDraft,
    keys: &KeyAccess,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Ask, Failure> {
    match checked(draft, WalletTransferId::generate(clock, entropy)) {
        Err(refusal) => Ok(Ask::Refused(refusal)),
        Ok(ask) => {
            let sealed = sealing::seal(keys, ask.id, ask.description.as_ref())?;
            Ok(Ask::Transfer(TransferAsk { sealed, ..ask }))
        }
    }
}

fn checked(draft: WalletTransferDraft, id: WalletTransferId) -> Result<TransferAsk, Refusal> {
    let WalletTransferDraft { source, destination, amount, currency, occurred_at, description, metadata } = draft;
    let metadata = metadata::checked(metadata)?;
    let description = description.map(|text| field::text("description", text, DESCRIPTION_CHARS_MAX)).transpose()?;
    decide::distinct(source, destination)?;
    Ok(TransferAsk { id, source, destination, amount, currency, occurred_at, description, sealed: None, metadata })
}
