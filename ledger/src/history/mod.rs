//! What accounts held and how they moved, by effective date: balances at a moment, extracts of a period, and the
//! trial balance. It reads and never writes.
//!
//! Entries are dense, in booking order, and never change. So a reader looks at the account first (its `Horizon`)
//! and from then on only at entries up to that sequence: however many statements or transactions it takes, and
//! whoever posts meanwhile, it sees one moment, without a snapshot held open.
//!
//! Entries are found by walking their chain back from the next mark, which stands at every 32nd: no index on accounts
//! or time that every posting would have to pay for. Where effective dates never went back, a date is found by halving
//! over the marks: a few index probes however long the history. Where they did (a booking dated back), the account's
//! entries are read.

mod balance;
mod entry;
mod extract;
mod horizon;
mod trial_balance;

pub use balance::balance_before;
pub use entry::HistoryEntry;
pub use extract::{ENTRIES_LISTED_MAX, Extract, ExtractError, Turnover, extract};
pub use trial_balance::{CurrencyColumns, trial_balance, trial_balance_before};

use horizon::Horizon;
use sqlx::{Row as _, postgres::PgRow};

/// A sum of many 64-bit integers, which Postgres gives as a numeric and the query as text.
pub(crate) fn whole(row: &PgRow, column: &str) -> Result<i128, sqlx::Error> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|source| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::<std::num::ParseIntError>::new(source),
    })
}

/// The same where it must fit a balance again.
fn minor(row: &PgRow, column: &str) -> Result<i64, sqlx::Error> {
    whole(row, column)?.try_into().map_err(|source| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::<std::num::TryFromIntError>::new(source),
    })
}
