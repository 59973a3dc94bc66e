//! Accounts: opened once, read by id.

use std::collections::BTreeMap;

use kernel::{Currency, LedgerAccountId};
use sqlx::{Row as _, postgres::PgRow};
use tenancy::TenantTx;
use time::OffsetDateTime;

use crate::{
    posting::{self, rows, sql},
    rules::{AccountState, Standing},
};

/// An account to open; it starts at zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDraft {
    /// Identifier.
    pub id: LedgerAccountId,
    /// The only currency it will take.
    pub currency: Currency,
    /// The balance may not go below; `None` means no floor. It must not be above zero.
    pub floor_minor: Option<i64>,
}

/// Opens an account in the caller's transaction.
///
/// The row is written twice, so that half of what is stored is free again at once: Postgres cleans a page whenever less
/// is free than was when it was filled, and would otherwise do so at every update.
pub async fn open_account(tx: &TenantTx, draft: AccountDraft, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    tx.with_connection(move |connection| {
        Box::pin(async move {
            sqlx::query("INSERT INTO ledger_account (id, currency, floor_minor, created_at) VALUES ($1, $2, $3, $4)")
                .bind(draft.id.as_uuid())
                .bind(draft.currency.code())
                .bind(draft.floor_minor)
                .bind(now)
                .execute(&mut *connection)
                .await?;
            sqlx::query("UPDATE ledger_account SET version = version + 1 WHERE id = $1")
                .bind(draft.id.as_uuid())
                .execute(connection)
                .await
                .map(|_| ())
        })
    })
    .await
}

/// Lets an account take and give, or not. Lock it before, with [`lock_accounts`](crate::lock_accounts), and look.
pub async fn set_standing(tx: &TenantTx, account: LedgerAccountId, standing: Standing) -> Result<(), sqlx::Error> {
    tx.with_connection(move |connection| {
        Box::pin(async move {
            sqlx::query("UPDATE ledger_account SET state = $2, version = version + 1 WHERE id = $1")
                .bind(account.as_uuid())
                .bind(standing.as_str())
                .execute(connection)
                .await
                .map(|_| ())
        })
    })
    .await
}

/// These accounts as they stand, not locked; those that do not exist are missing from the answer.
pub async fn accounts(
    tx: &TenantTx,
    accounts: &[LedgerAccountId],
) -> Result<BTreeMap<LedgerAccountId, AccountState>, sqlx::Error> {
    let ids = accounts.iter().map(LedgerAccountId::as_uuid).collect();
    let found = posting::read(tx, sql::ACCOUNTS, ids, rows::account).await?;
    Ok(found.into_iter().map(|account| (account.id, account)).collect())
}

/// A currency column; anything but a known currency is a damaged row.
pub(crate) fn currency(row: &PgRow, column: &str) -> Result<Currency, sqlx::Error> {
    let code: String = row.try_get(column)?;
    code.parse().map_err(|source| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::<kernel::CurrencyError>::new(source),
    })
}
