//! Posting in the caller's transaction: lock, decide, write. For postings that belong to a bigger transaction; all
//! others go through the [engine](crate::Engine).
//!
//! 1. One statement locks the touched accounts in id order, so no two postings ever wait for each other in a circle.
//! 2. The rules decide in memory; a rejected posting has written nothing and the transaction may go on.
//! 3. One statement writes transfers and each account once, and fails unless it wrote what it should have.

pub(crate) mod columns;
pub(crate) mod needs;
pub(crate) mod rows;
pub(crate) mod sql;

use sqlx::{AssertSqlSafe, Row as _, postgres::PgRow};
use tenancy::{TenantTx, lane::in_path};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use self::{columns::Columns, needs::Needs, rows::RowError};
use crate::rules::{Book, Operation, Posted, Rejection};

/// Why a posting did not happen.
#[derive(Debug, Error)]
pub enum PostingError {
    /// A rule is against it. Nothing was written and the transaction is still good.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A transfer of this id was posted before. The transaction can only be dropped.
    #[error("a transfer of the posting has been posted before")]
    TransferExists,
    /// The database failed. The transaction can only be dropped.
    #[error("the posting could not be written")]
    Database(#[source] sqlx::Error),
}

/// Posts linked operations, all or none, in the caller's transaction.
pub async fn post_in<O>(tx: &TenantTx, posting: &[O], now: OffsetDateTime) -> Result<Posted, PostingError>
where
    O: Into<Operation> + Copy,
{
    let posting: Vec<Operation> = posting.iter().map(|operation| (*operation).into()).collect();
    crate::rules::check_shape(&posting)?;
    let mut book = open_book(tx, &posting, now).await.map_err(PostingError::Database)?;
    let posted = book.post(&posting)?;
    write(tx, book, now).await.map_err(write_error)?;
    Ok(posted)
}

/// Reads and locks what the posting is about.
async fn open_book(tx: &TenantTx, posting: &[Operation], now: OffsetDateTime) -> Result<Book, sqlx::Error> {
    let mut needs = Needs::default();
    needs.add(posting);
    if needs.is_indirect() {
        let holds = read(tx, sql::HOLDS, needs.hold_ids(false), rows::hold).await?;
        let originals = read(tx, sql::TRANSFERS, needs.transfer_ids(false), rows::transfer).await?;
        needs.add_found(&holds, &originals);
    }
    let accounts = read(tx, sql::LOCK_ACCOUNTS, needs.account_ids(), rows::account).await?;
    let book = Book::new(accounts, now);
    if !needs.is_indirect() {
        return Ok(book);
    }
    // Again, now that nobody else can change them.
    let holds = read(tx, sql::HOLDS, needs.hold_ids(false), rows::hold).await?;
    let originals = read(tx, sql::TRANSFERS, needs.transfer_ids(false), rows::transfer).await?;
    Ok(book.with_holds(holds).with_transfers(originals))
}

pub(crate) async fn read<T: Send + 'static>(
    tx: &TenantTx,
    sql: &'static str,
    ids: Vec<Uuid>,
    decode: fn(&PgRow) -> Result<T, RowError>,
) -> Result<Vec<T>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.with_connection(move |connection| {
        Box::pin(async move {
            let rows = sqlx::query(AssertSqlSafe(in_path(sql))).bind(ids).fetch_all(connection).await?;
            rows.iter().map(|row| decode(row).map_err(sqlx::Error::from)).collect()
        })
    })
    .await
}

async fn write(tx: &TenantTx, mut book: Book, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    let columns = Columns::of(&book.take_changes());
    tx.with_connection(move |connection| {
        Box::pin(async move {
            for statement in columns.statements(now) {
                statement.execute(&mut *connection).await?;
            }
            Ok(())
        })
    })
    .await
}

fn write_error(error: sqlx::Error) -> PostingError {
    let repeated =
        error.as_database_error().is_some_and(|database| database.constraint() == Some("ledger_transfer_pkey"));
    if repeated { PostingError::TransferExists } else { PostingError::Database(error) }
}

/// Holds by id; those that do not exist are missing from the answer.
pub async fn holds(tx: &TenantTx, ids: &[kernel::LedgerHoldId]) -> Result<Vec<crate::rules::Hold>, sqlx::Error> {
    read(tx, sql::HOLDS, ids.iter().map(kernel::LedgerHoldId::as_uuid).collect(), rows::hold).await
}

/// The pending holds that expire first, and when: at most `count`, in order of expiry.
pub async fn holds_by_expiry(
    tx: &TenantTx,
    count: u16,
) -> Result<Vec<(kernel::LedgerHoldId, OffsetDateTime)>, sqlx::Error> {
    tx.with_connection(move |connection| {
        Box::pin(async move {
            let rows = sqlx::query(sql::HOLDS_BY_EXPIRY).bind(i64::from(count)).fetch_all(connection).await?;
            let hold =
                |row: &PgRow| Ok((kernel::LedgerHoldId::from_uuid(row.try_get("id")?), row.try_get("expires_at")?));
            rows.iter().map(hold).collect()
        })
    })
    .await
}

/// Accounts by id, locked in id order; those that do not exist are missing from the answer.
pub async fn lock_accounts(
    tx: &TenantTx,
    ids: &[kernel::LedgerAccountId],
) -> Result<Vec<crate::rules::AccountState>, sqlx::Error> {
    read(tx, sql::LOCK_ACCOUNTS, ids.iter().map(kernel::LedgerAccountId::as_uuid).collect(), rows::account).await
}
