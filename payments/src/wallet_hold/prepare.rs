//! What can be said of a hold before anything is read.

use kernel::{Amount, Clock, Currency, Entropy, WalletHoldId, WalletId};
use time::OffsetDateTime;

use crate::{
    desk::{Ask, HoldAsk},
    metadata::{self, MetadataDraft},
    wallet_transfer::Refusal,
};

/// Money to keep back.
#[derive(Clone, Debug)]
pub struct WalletHoldDraft {
    /// Whose money.
    pub source: WalletId,
    /// For whom.
    pub destination: WalletId,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// From when on it can no longer be captured.
    pub expires_at: Option<OffsetDateTime>,
    /// The merchant's own key-value pairs.
    pub metadata: MetadataDraft,
}

/// The draft as it is asked of the desk, under an id of its own.
pub fn prepare(draft: WalletHoldDraft, clock: &dyn Clock, entropy: &dyn Entropy) -> Ask {
    let WalletHoldDraft { source, destination, amount, currency, expires_at, metadata } = draft;
    if source == destination {
        return Ask::Refused(Refusal::SameWallet);
    }
    match metadata::checked(metadata) {
        Err(invalid) => Ask::Refused(Refusal::Invalid(invalid)),
        Ok(metadata) => {
            let id = WalletHoldId::generate(clock, entropy);
            Ask::Hold(HoldAsk { id, source, destination, amount, currency, expires_at, metadata })
        }
    }
}
