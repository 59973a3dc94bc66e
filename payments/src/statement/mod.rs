//! Account statements of wallets: what a wallet held at the start of a period, every movement with the balance after
//! it, and what it held at the end.
//!
//! A movement belongs to the day on which it counts (its effective date, in UTC), whenever it was booked. A statement
//! is drawn once ([`draw`]) and its movements are then read by page ([`Movements`]), in as many transactions as it
//! takes: it stays the statement of the moment it was drawn, and opening and movements always come to closing.

pub mod camt053;
pub mod csv;
mod draw;
mod movements;
mod period;
mod refusal;
#[cfg(test)]
mod samples;
mod store;
mod written;

use std::{collections::BTreeMap, fmt};

use kernel::{Currency, LedgerTransferId, StatementId, WalletId, WalletTransferId};
use ledger::history::Turnover;
use time::OffsetDateTime;

pub use draw::draw;
pub use movements::{Movements, PAGE_MOVEMENTS_MAX};
pub use period::{DAYS_MAX, Period};
pub use refusal::Refusal;

use crate::field::Hidden;

/// A statement without its movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The same for the same wallet and period.
    pub id: StatementId,
    /// Of which wallet.
    pub wallet: WalletId,
    /// What the wallet is in.
    pub currency: Currency,
    /// From which day to which.
    pub period: Period,
    /// What the wallet held before the first day.
    pub opening_minor: i64,
    /// What it held after the last day.
    pub closing_minor: i64,
    /// What came in.
    pub credits: Turnover,
    /// What went out.
    pub debits: Turnover,
    /// The wallet's key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Whether it is in the live environment.
    pub livemode: bool,
    /// When it was drawn.
    pub drawn_at: OffsetDateTime,
}

/// One line of a statement. Debug output hides its description.
#[derive(Clone, PartialEq, Eq)]
pub struct Movement {
    /// The movement in the ledger.
    pub entry: LedgerTransferId,
    /// The wallet transfer behind it, where there is one.
    pub transfer: Option<WalletTransferId>,
    /// Positive in, negative out.
    pub amount_minor: i64,
    /// What the wallet held after it, in the statement's order.
    pub balance_after_minor: i64,
    /// When it counts.
    pub occurred_at: OffsetDateTime,
    /// When it was booked.
    pub booked_at: OffsetDateTime,
    /// The wallet on the other side, where it is one.
    pub counterparty: Option<WalletId>,
    /// Whether it takes an earlier movement back.
    pub reversal: bool,
    /// What for, in people's words.
    pub description: Option<String>,
    /// The transfer's key-value pairs.
    pub metadata: BTreeMap<String, String>,
}

impl Movement {
    /// The name to quote when asking about it.
    pub fn reference(&self) -> String {
        self.transfer.map_or_else(|| self.entry.to_string(), |transfer| transfer.to_string())
    }
}

impl fmt::Debug for Movement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Movement")
            .field("entry", &self.entry)
            .field("transfer", &self.transfer)
            .field("amount_minor", &self.amount_minor)
            .field("balance_after_minor", &self.balance_after_minor)
            .field("occurred_at", &self.occurred_at)
            .field("booked_at", &self.booked_at)
            .field("counterparty", &self.counterparty)
            .field("reversal", &self.reversal)
            .field("description", &Hidden::of(self.description.as_ref()))
            .finish_non_exhaustive()
    }
}
