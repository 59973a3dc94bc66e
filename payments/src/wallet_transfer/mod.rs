//! Movements of money between two wallets of one currency.

mod behind;
pub(crate) mod decide;
mod list;
mod prepare;
mod refusal;
mod retrieve;
mod sealing;
mod store;

use std::{collections::BTreeMap, fmt};

use kernel::{Amount, Currency, WalletHoldId, WalletId, WalletTransferId};
use time::OffsetDateTime;

pub(crate) use behind::behind;
pub use list::{WalletTransferFilter, list};
pub use prepare::{WalletTransferDraft, prepare};
pub use refusal::Refusal;
pub use retrieve::retrieve;

use crate::field::Hidden;

/// A movement of money. Debug output hides its description.
#[derive(Clone, PartialEq, Eq)]
pub struct WalletTransfer {
    /// Identifier.
    pub id: WalletTransferId,
    /// From.
    pub source: WalletId,
    /// To.
    pub destination: WalletId,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// What for, in people's words.
    pub description: Option<String>,
    /// The merchant's own key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// When it counts.
    pub occurred_at: OffsetDateTime,
    /// The transfer it undoes.
    pub reverses: Option<WalletTransferId>,
    /// The hold it was captured from.
    pub hold: Option<WalletHoldId>,
    /// Whether it is in the live environment.
    pub livemode: bool,
    /// When it was made.
    pub created: OffsetDateTime,
}

impl fmt::Debug for WalletTransfer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WalletTransfer")
            .field("id", &self.id)
            .field("source", &self.source)
            .field("destination", &self.destination)
            .field("amount", &self.amount)
            .field("currency", &self.currency)
            .field("description", &Hidden::of(self.description.as_ref()))
            .field("livemode", &self.livemode)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}
