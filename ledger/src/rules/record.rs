//! What is written: transfers with both their sides, and holds.

use kernel::{Amount, Currency, LedgerAccountId, LedgerHoldId, LedgerTransferId};
use time::OffsetDateTime;

/// What a transfer did to one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// Whose.
    pub account: LedgerAccountId,
    /// Place among the account's entries: dense, from 1.
    pub sequence: i64,
    /// What the account then holds.
    pub balance_after_minor: i64,
    /// The transfer of the account's entry before this one.
    pub previous: Option<LedgerTransferId>,
}

/// Money that moved. One amount for both sides: it cannot be out of balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Identifier.
    pub id: LedgerTransferId,
    /// The first transfer of its posting, where several are linked.
    pub posting: Option<LedgerTransferId>,
    /// Decreased.
    pub debit: Side,
    /// Increased.
    pub credit: Side,
    /// By how much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// When it counts.
    pub effective_at: OffsetDateTime,
    /// The transfer it undoes.
    pub reverses: Option<LedgerTransferId>,
    /// The hold it was captured from.
    pub hold: Option<LedgerHoldId>,
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// It keeps something back.
    Pending,
    /// It ended with a capture.
    Captured,
    /// It ended without.
    Released,
    /// Its time was over.
    Expired,
}

impl HoldState {
    /// What the column holds.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// Reads the column.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Captured, Self::Released, Self::Expired].into_iter().find(|state| state.as_str() == text)
    }
}

/// Money kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Identifier.
    pub id: LedgerHoldId,
    /// Whose money is kept back.
    pub debit: LedgerAccountId,
    /// Who gets what is captured.
    pub credit: LedgerAccountId,
    /// Of what.
    pub currency: Currency,
    /// How much was asked for.
    pub amount: Amount,
    /// What it still keeps back.
    pub remaining_minor: i64,
    /// What was captured.
    pub captured_minor: i64,
    /// Where it stands.
    pub state: HoldState,
    /// From when on it can no longer be captured.
    pub expires_at: Option<OffsetDateTime>,
}

/// What a posting came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// Its transfers in order.
    pub transfers: Vec<Transfer>,
    /// The holds it touched, as they are after it.
    pub holds: Vec<Hold>,
    /// Whether it was posted before, and nothing is new.
    pub repeated: bool,
}

impl Posted {
    /// What an account of the posting holds after it.
    pub fn balance_minor(&self, account: LedgerAccountId) -> Option<i64> {
        let sides = self.transfers.iter().rev().flat_map(|transfer| [transfer.credit, transfer.debit]);
        sides.into_iter().find(|side| side.account == account).map(|side| side.balance_after_minor)
    }
}
