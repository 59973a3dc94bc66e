//! Posting in the caller's transaction: lock, decide, write.
//!
//! 1. One statement locks the touched accounts in id order, so no two postings ever wait for each other in a circle.
//! 2. The rules decide in memory; a rejected posting has written nothing and the transaction may go on.
//! 3. One statement writes transfers, entries and each account once, and counts what it wrote.

mod store;

use std::collections::BTreeSet;

use kernel::LedgerAccountId;
use tenancy::TenantTx;
use thiserror::Error;
use time::OffsetDateTime;

use crate::rules::{Book, Changes, Rejection, TransferDraft, check_shape};

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

/// What a posting came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Changed accounts and new entries.
    pub changes: Changes,
}

impl Posted {
    /// What an account of the posting holds now.
    pub fn balance_minor(&self, account: LedgerAccountId) -> Option<i64> {
        self.changes.accounts.iter().find(|change| change.after.id == account).map(|change| change.after.balance_minor)
    }
}

/// Posts linked transfers, all or none, in the caller's transaction.
pub async fn post_in(tx: &TenantTx, posting: &[TransferDraft], now: OffsetDateTime) -> Result<Posted, PostingError> {
    check_shape(posting)?;
    let touched: BTreeSet<_> = posting.iter().flat_map(|transfer| [transfer.debit, transfer.credit]).collect();
    let accounts = store::lock_accounts(tx, &touched).await.map_err(PostingError::Database)?;
    let mut book = Book::new(accounts);
    book.post(posting)?;
    let changes = book.into_changes();
    store::write(tx, posting, &changes, now).await.map_err(write_error)?;
    Ok(Posted { changes })
}

fn write_error(error: sqlx::Error) -> PostingError {
    let repeated =
        error.as_database_error().is_some_and(|database| database.constraint() == Some("ledger_transfer_pkey"));
    if repeated { PostingError::TransferExists } else { PostingError::Database(error) }
}
