//! Money of one wallet kept back for another, until it is captured, released or expires.

mod list;
mod prepare;
mod retrieve;
mod store;

use std::collections::BTreeMap;

use kernel::{Amount, Currency, WalletHoldId, WalletId};
use ledger::rules::{Hold, HoldState};
use time::OffsetDateTime;

pub use list::list;
pub use prepare::{WalletHoldDraft, prepare};
pub use retrieve::retrieve;

/// Money kept back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletHold {
    /// Identifier.
    pub id: WalletHoldId,
    /// Whose money is kept back.
    pub source: WalletId,
    /// Who gets what is captured.
    pub destination: WalletId,
    /// How much was asked for.
    pub amount: Amount,
    /// What was captured so far, in minor units.
    pub captured_minor: i64,
    /// What is still kept back, in minor units.
    pub remaining_minor: i64,
    /// Of what.
    pub currency: Currency,
    /// Where it stands.
    pub state: HoldState,
    /// From when on it can no longer be captured.
    pub expires_at: Option<OffsetDateTime>,
    /// The merchant's own key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Whether it is in the live environment.
    pub livemode: bool,
    /// When it was made.
    pub created: OffsetDateTime,
}

impl WalletHold {
    /// The ledger's hold with what the merchant says of it.
    pub(crate) fn new(
        hold: &Hold,
        (source, destination): (WalletId, WalletId),
        metadata: &BTreeMap<String, String>,
        (livemode, created): (bool, OffsetDateTime),
    ) -> Self {
        Self {
            id: WalletHoldId::from_uuid(hold.id.as_uuid()),
            source,
            destination,
            amount: hold.amount,
            captured_minor: hold.captured_minor,
            remaining_minor: hold.remaining_minor,
            currency: hold.currency,
            state: hold.state,
            expires_at: hold.expires_at,
            metadata: metadata.clone(),
            livemode,
            created,
        }
    }
}
