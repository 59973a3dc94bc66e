//! Entries with what a reader wants to know of their transfers.

use kernel::{LedgerAccountId, LedgerTransferId};
use sqlx::{Row as _, postgres::PgRow};
use time::OffsetDateTime;

/// One movement of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its place in booking order.
    pub sequence: i64,
    /// Of which transfer.
    pub transfer: LedgerTransferId,
    /// The account on the other side.
    pub counterparty: LedgerAccountId,
    /// Positive in, negative out.
    pub amount_minor: i64,
    /// Whether its transfer takes an earlier one back.
    pub reversal: bool,
    /// When it counts.
    pub effective_at: OffsetDateTime,
    /// When it was booked.
    pub created_at: OffsetDateTime,
}

impl HistoryEntry {
    pub(super) fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            sequence: row.try_get("sequence")?,
            transfer: LedgerTransferId::from_uuid(row.try_get("transfer_id")?),
            counterparty: LedgerAccountId::from_uuid(row.try_get("counterparty_id")?),
            amount_minor: row.try_get("amount_minor")?,
            reversal: row.try_get("reversal")?,
            effective_at: row.try_get("effective_at")?,
            created_at: row.try_get("created_at")?,
        })
    }
}
