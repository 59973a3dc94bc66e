//! Rows of either driver as what the rules work with.

use kernel::{Amount, LedgerAccountId, LedgerHoldId, LedgerTransferId};
use sqlx::{Row as _, postgres::PgRow};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::rules::{AccountState, Hold, HoldState, Side, Standing, Transfer};

/// A row holds what it cannot hold, or could not be read.
#[derive(Debug, Error)]
#[error("column {column} cannot be read")]
pub(crate) struct RowError {
    column: &'static str,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl RowError {
    fn damaged(column: &'static str) -> Self {
        Self { column, cause: None }
    }
}

impl From<RowError> for sqlx::Error {
    fn from(error: RowError) -> Self {
        Self::Decode(Box::new(error))
    }
}

/// One column of a row. Implemented for the row of either driver.
pub(crate) trait Columns<T> {
    fn get_column(&self, column: &'static str) -> Result<T, RowError>;
}

impl<T> Columns<T> for PgRow
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    fn get_column(&self, column: &'static str) -> Result<T, RowError> {
        self.try_get(column).map_err(|error| RowError { column, cause: Some(Box::new(error)) })
    }
}

impl<T> Columns<T> for tokio_postgres::Row
where
    T: for<'r> tokio_postgres::types::FromSql<'r>,
{
    fn get_column(&self, column: &'static str) -> Result<T, RowError> {
        self.try_get(column).map_err(|error| RowError { column, cause: Some(Box::new(error)) })
    }
}

/// A row of the ledger, whichever driver read it.
pub(crate) trait LedgerRow:
    Columns<Uuid>
    + Columns<Option<Uuid>>
    + Columns<String>
    + Columns<i64>
    + Columns<Option<i64>>
    + Columns<bool>
    + Columns<OffsetDateTime>
    + Columns<Option<OffsetDateTime>>
{
}

impl LedgerRow for PgRow {}
impl LedgerRow for tokio_postgres::Row {}

fn transfer_id(row: &impl LedgerRow, column: &'static str) -> Result<Option<LedgerTransferId>, RowError> {
    let id: Option<Uuid> = row.get_column(column)?;
    Ok(id.map(LedgerTransferId::from_uuid))
}

pub(crate) fn account(row: &impl LedgerRow) -> Result<AccountState, RowError> {
    let (currency, standing): (String, String) = (row.get_column("currency")?, row.get_column("state")?);
    Ok(AccountState {
        id: LedgerAccountId::from_uuid(row.get_column("id")?),
        currency: currency.parse().map_err(|_| RowError::damaged("currency"))?,
        standing: Standing::parse(&standing).ok_or(RowError::damaged("state"))?,
        floor_minor: row.get_column("floor_minor")?,
        balance_minor: row.get_column("balance_minor")?,
        held_minor: row.get_column("held_minor")?,
        sequence: row.get_column("sequence")?,
        last: transfer_id(row, "last_transfer_id")?,
        effective_last: row.get_column("effective_last")?,
        in_order: row.get_column("in_order")?,
        version: row.get_column("version")?,
    })
}

pub(crate) fn hold(row: &impl LedgerRow) -> Result<Hold, RowError> {
    let (currency, state): (String, String) = (row.get_column("currency")?, row.get_column("state")?);
    Ok(Hold {
        id: LedgerHoldId::from_uuid(row.get_column("id")?),
        debit: LedgerAccountId::from_uuid(row.get_column("debit_account_id")?),
        credit: LedgerAccountId::from_uuid(row.get_column("credit_account_id")?),
        currency: currency.parse().map_err(|_| RowError::damaged("currency"))?,
        amount: Amount::try_new(row.get_column("amount_minor")?).map_err(|_| RowError::damaged("amount_minor"))?,
        remaining_minor: row.get_column("remaining_minor")?,
        captured_minor: row.get_column("captured_minor")?,
        state: HoldState::parse(&state).ok_or(RowError::damaged("state"))?,
        expires_at: row.get_column("expires_at")?,
    })
}

pub(crate) fn transfer(row: &impl LedgerRow) -> Result<Transfer, RowError> {
    let currency: String = row.get_column("currency")?;
    let hold: Option<Uuid> = row.get_column("hold_id")?;
    Ok(Transfer {
        id: LedgerTransferId::from_uuid(row.get_column("id")?),
        posting: transfer_id(row, "posting_id")?,
        debit: Side {
            account: LedgerAccountId::from_uuid(row.get_column("debit_account_id")?),
            sequence: row.get_column("debit_sequence")?,
            balance_after_minor: row.get_column("debit_balance_minor")?,
            previous: transfer_id(row, "debit_previous_id")?,
        },
        credit: Side {
            account: LedgerAccountId::from_uuid(row.get_column("credit_account_id")?),
            sequence: row.get_column("credit_sequence")?,
            balance_after_minor: row.get_column("credit_balance_minor")?,
            previous: transfer_id(row, "credit_previous_id")?,
        },
        amount: Amount::try_new(row.get_column("amount_minor")?).map_err(|_| RowError::damaged("amount_minor"))?,
        currency: currency.parse().map_err(|_| RowError::damaged("currency"))?,
        effective_at: row.get_column("effective_at")?,
        reverses: transfer_id(row, "reverses")?,
        hold: hold.map(LedgerHoldId::from_uuid),
    })
}
