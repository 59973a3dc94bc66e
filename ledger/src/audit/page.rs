//! A page of the ledger, as it was at one moment.

use std::collections::BTreeMap;

use kernel::{Currency, LedgerAccountId};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use tenancy::TenantTx;
use uuid::Uuid;

use crate::{account::currency, history::whole, posting::columns::MARK_EVERY};

/// A page comes out of the index in order, whatever young statistics say: a plan that reads or sorts a whole table
/// would do so for every page.
const IN_ORDER: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";
const ACCOUNTS: &str = "\
SELECT id, currency, balance_minor, held_minor, sequence, last_transfer_id FROM ledger_account \
WHERE id >= $1 ORDER BY id LIMIT $2";
/// Each stretch is found from its own mark, so that an entry that is missing hides only those between two marks.
const ENTRIES: &str = "\
SELECT stretch.account_id, e.sequence, e.transfer_id, e.previous_id, e.amount_minor, e.balance_after_minor, e.currency \
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS stretch (account_id, behind, last), \
  LATERAL ledger_entries(stretch.account_id, stretch.behind, stretch.last) e \
ORDER BY stretch.account_id, e.sequence";
const HELD: &str = "\
SELECT debit_account_id AS account_id, sum(remaining_minor)::text AS held FROM ledger_hold \
WHERE state = 'pending' AND debit_account_id >= $1 AND debit_account_id <= $2 GROUP BY debit_account_id";

/// How much is read in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPages {
    /// Most accounts; at least 2.
    pub accounts_max: u16,
    /// Entries, but for those up to the next mark.
    pub entries_max: u16,
}

impl Default for AuditPages {
    fn default() -> Self {
        Self { accounts_max: 1_000, entries_max: 10_000 }
    }
}

/// How far the ledger has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    account: Uuid,
    /// Of that account; `None` is all of it.
    sequence: Option<i64>,
}

impl Cursor {
    /// In front of everything: no account has the id that is all zeros.
    pub(super) const fn start() -> Self {
        Self { account: Uuid::nil(), sequence: None }
    }

    /// Whether the account has been read to its end.
    fn is_behind(self, account: Uuid) -> bool {
        account < self.account || (account == self.account && self.sequence.is_none())
    }
}

/// What an account says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccountRow {
    pub(super) currency: Currency,
    pub(super) balance_minor: i64,
    pub(super) held_minor: i64,
    pub(super) sequence: i64,
    pub(super) last: Option<Uuid>,
}

/// One side of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryRow {
    pub(super) account: LedgerAccountId,
    pub(super) sequence: i64,
    pub(super) transfer: Uuid,
    pub(super) previous: Option<Uuid>,
    pub(super) amount_minor: i64,
    pub(super) balance_after_minor: i64,
    pub(super) currency: Currency,
}

/// A stretch of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) accounts: BTreeMap<LedgerAccountId, AccountRow>,
    /// In order of account and sequence.
    pub(super) entries: Vec<EntryRow>,
    /// What pending holds keep back.
    pub(super) held: BTreeMap<LedgerAccountId, i128>,
    /// The account whose entries go on behind this page.
    pub(super) unfinished: Option<LedgerAccountId>,
    /// Where the next page begins.
    pub(super) next: Option<Cursor>,
}

impl Page {
    pub(super) const fn next(&self) -> Option<Cursor> {
        self.next
    }
}

/// Reads what comes behind the cursor. Accounts behind the one that is not finished are left to the next page.
pub(super) async fn read(tx: &TenantTx, cursor: Cursor, pages: AuditPages) -> Result<Page, sqlx::Error> {
    tx.with_connection(move |connection| Box::pin(async move { read_behind(connection, cursor, pages).await })).await
}

async fn read_behind(connection: &mut PgConnection, cursor: Cursor, pages: AuditPages) -> Result<Page, sqlx::Error> {
    sqlx::raw_sql(IN_ORDER).execute(&mut *connection).await?;
    let accounts = sqlx::query(ACCOUNTS)
        .bind(cursor.account)
        .bind(i64::from(pages.accounts_max))
        .fetch_all(&mut *connection)
        .await?;
    let last = accounts.last().map(|row| row.try_get::<Uuid, _>("id")).transpose()?;
    let end = last.filter(|_| accounts.len() >= usize::from(pages.accounts_max)).unwrap_or(Uuid::max());
    let sequences = accounts.iter().map(|row| Ok((row.try_get("id")?, row.try_get("sequence")?)));
    let Stretches { of, behind, last, cut } =
        Stretches::of(&sequences.collect::<Result<Vec<_>, sqlx::Error>>()?, cursor, pages);
    let entries = sqlx::query(ENTRIES).bind(of).bind(behind).bind(last).fetch_all(&mut *connection).await?;
    let entries = entries.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let end = cut.map_or(end, |cut| cut.account);
    let held = sqlx::query(HELD).bind(cursor.account).bind(end).fetch_all(connection).await?;
    let in_page = |account: Uuid| account <= end && !cursor.is_behind(account);
    let unfinished = cut.filter(|cut| cut.sequence.is_some()).map(|cut| LedgerAccountId::from_uuid(cut.account));
    let mut page = Page { entries, unfinished, ..Page::default() };
    for row in &accounts {
        let id: Uuid = row.try_get("id")?;
        if in_page(id) {
            page.accounts.insert(LedgerAccountId::from_uuid(id), account(row)?);
        }
    }
    for row in &held {
        let id: Uuid = row.try_get("account_id")?;
        if in_page(id) {
            page.held.insert(LedgerAccountId::from_uuid(id), whole(row, "held")?);
        }
    }
    page.next = cut.or_else(|| (end != Uuid::max()).then_some(Cursor { account: end, sequence: None }));
    Ok(page)
}

/// What is read of the entries, as columns, and where that ends before the accounts do.
#[derive(Default)]
struct Stretches {
    of: Vec<Uuid>,
    behind: Vec<i64>,
    last: Vec<i64>,
    cut: Option<Cursor>,
}

impl Stretches {
    fn of(accounts: &[(Uuid, i64)], cursor: Cursor, pages: AuditPages) -> Self {
        let mut stretches = Self::default();
        let mut left = i64::from(pages.entries_max);
        for (account, sequence) in accounts.iter().filter(|(account, _)| !cursor.is_behind(*account)) {
            let mut behind = cursor.sequence.filter(|_| cursor.account == *account).unwrap_or(0);
            loop {
                if left <= 0 {
                    stretches.cut = Some(Cursor { account: *account, sequence: Some(behind) });
                    return stretches;
                }
                let is_last = sequence.saturating_sub(behind) <= MARK_EVERY;
                stretches.of.push(*account);
                stretches.behind.push(behind);
                // All there is behind the last mark, whatever the account says.
                stretches.last.push(if is_last { i64::MAX } else { behind.saturating_add(MARK_EVERY) });
                left = left.saturating_sub(MARK_EVERY.min(sequence.saturating_sub(behind).max(1)));
                if is_last {
                    break;
                }
                behind = behind.saturating_add(MARK_EVERY);
            }
        }
        stretches
    }
}

fn account(row: &PgRow) -> Result<AccountRow, sqlx::Error> {
    Ok(AccountRow {
        currency: currency(row, "currency")?,
        balance_minor: row.try_get("balance_minor")?,
        held_minor: row.try_get("held_minor")?,
        sequence: row.try_get("sequence")?,
        last: row.try_get("last_transfer_id")?,
    })
}

fn entry(row: &PgRow) -> Result<EntryRow, sqlx::Error> {
    Ok(EntryRow {
        account: LedgerAccountId::from_uuid(row.try_get("account_id")?),
        sequence: row.try_get("sequence")?,
        transfer: row.try_get("transfer_id")?,
        previous: row.try_get("previous_id")?,
        amount_minor: row.try_get("amount_minor")?,
        balance_after_minor: row.try_get("balance_after_minor")?,
        currency: currency(row, "currency")?,
    })
}
