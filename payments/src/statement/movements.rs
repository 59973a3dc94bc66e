//! The movements of a drawn statement, page by page, with the balance folded through them.

use ledger::history::{Extract, HistoryEntry};
use policies::{Permit, RetrieveWallet};

use super::{Movement, store};
use crate::{Context, Failure};

/// Movements of one page.
pub const PAGE_MOVEMENTS_MAX: usize = 1_000;

/// Where reading a statement has come to.
#[derive(Clone, Debug)]
pub struct Movements {
    extract: Extract,
    /// How many were read.
    read: usize,
    balance_minor: i64,
}

impl Movements {
    pub(super) const fn of(extract: Extract) -> Self {
        Self { balance_minor: extract.opening_minor, extract, read: 0 }
    }

    /// Whether all movements were read.
    pub fn is_finished(&self) -> bool {
        self.read >= self.extract.entries_count()
    }

    /// The next movements, in any transaction of the same environment. When the last ones are read, their balance
    /// has been found to be the closing one.
    pub async fn next_page(
        &mut self,
        context: &Context<'_>,
        permit: &Permit<RetrieveWallet>,
    ) -> Result<Vec<Movement>, Failure> {
        // Whose wallet it is was asked when the statement was drawn.
        context.reach(permit)?;
        if self.is_finished() {
            return Ok(Vec::new());
        }
        let entries = self.extract.entries(context.tx, self.read, PAGE_MOVEMENTS_MAX).await?;
        let balances = folded(&mut self.balance_minor, &entries)?;
        self.read = self.read.saturating_add(entries.len());
        if self.is_finished() && self.balance_minor != self.extract.closing_minor {
            return Err(damaged());
        }
        store::described(context, entries, balances).await
    }
}

/// The balance after each entry.
fn folded(balance_minor: &mut i64, entries: &[HistoryEntry]) -> Result<Vec<i64>, Failure> {
    entries
        .iter()
        .map(|entry| {
            *balance_minor = balance_minor.checked_add(entry.amount_minor).ok_or_else(damaged)?;
            Ok(*balance_minor)
        })
        .collect()
}

const fn damaged() -> Failure {
    Failure::Corrupt { table: "ledger_entry", column: "balance_after_minor" }
}

#[cfg(test)]
mod tests {
    use kernel::{LedgerAccountId, LedgerTransferId};
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    fn entry(amount_minor: i64) -> HistoryEntry {
        HistoryEntry {
            sequence: 1,
            transfer: LedgerTransferId::from_uuid(Uuid::nil()),
            counterparty: LedgerAccountId::from_uuid(Uuid::nil()),
            amount_minor,
            reversal: false,
            effective_at: OffsetDateTime::UNIX_EPOCH,
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_balance_runs_on_from_page_to_page_and_below_zero() {
        let mut balance = 100;
        assert_eq!(folded(&mut balance, &[entry(50), entry(-170)]).unwrap(), [150, -20]);
        assert_eq!(folded(&mut balance, &[]).unwrap(), [0; 0]);
        assert_eq!(folded(&mut balance, &[entry(20)]).unwrap(), [0]);
    }

    #[test]
    fn a_balance_that_leaves_its_range_is_an_error() {
        let mut balance = i64::MAX;
        assert!(matches!(folded(&mut balance, &[entry(1)]), Err(Failure::Corrupt { .. })));
    }
}
