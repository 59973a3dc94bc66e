//! An account as it is locked.

use kernel::{Currency, LedgerAccountId, LedgerTransferId};
use time::OffsetDateTime;

/// Whether money may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Open,
    /// Not now: neither in nor out. Holds may still end.
    Frozen,
    /// Never again.
    Closed,
}

impl Standing {
    /// What the column holds.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Frozen => "frozen",
            Self::Closed => "closed",
        }
    }

    /// Reads the column.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Frozen, Self::Closed].into_iter().find(|standing| standing.as_str() == text)
    }
}

/// An account as it is locked: what the next entry builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// Identifier.
    pub id: LedgerAccountId,
    /// The only currency it takes.
    pub currency: Currency,
    /// Whether money may move.
    pub standing: Standing,
    /// Balance less holds may not go below; `None` means no floor.
    pub floor_minor: Option<i64>,
    /// Credits less debits.
    pub balance_minor: i64,
    /// What its pending holds keep back.
    pub held_minor: i64,
    /// Number of its entries.
    pub sequence: i64,
    /// The transfer of its last entry.
    pub last: Option<LedgerTransferId>,
    /// Latest effective date of its entries.
    pub effective_last: Option<OffsetDateTime>,
    /// Whether effective dates never went back from one entry to the next.
    pub in_order: bool,
    /// How often its row was changed: what a decision was built on, in one number.
    pub version: i64,
}

impl AccountState {
    /// An open account without entries.
    pub const fn new(id: LedgerAccountId, currency: Currency, floor_minor: Option<i64>) -> Self {
        Self {
            id,
            currency,
            standing: Standing::Open,
            floor_minor,
            balance_minor: 0,
            held_minor: 0,
            sequence: 0,
            last: None,
            effective_last: None,
            in_order: true,
            version: 0,
        }
    }

    /// What may be spent beside the floor: the balance less holds.
    pub fn available_minor(&self) -> i128 {
        i128::from(self.balance_minor).saturating_sub(i128::from(self.held_minor))
    }
}
