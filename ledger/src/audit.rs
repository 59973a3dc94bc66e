//! What must hold of the books at any moment, checked over all rows. For audits and tests, not for requests.

use kernel::{Currency, LedgerAccountId};
use sqlx::Row as _;
use tenancy::TenantTx;
use uuid::Uuid;

use crate::account::currency;

/// The sum of all balances of one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyTotal {
    /// Of which currency.
    pub currency: Currency,
    /// Zero, or the books are broken. Many 64-bit balances may exceed 64 bits.
    pub total_minor: i128,
    /// Over how many accounts.
    pub accounts: i64,
}

/// The sum of all balances per currency, in order of currency. Every one must be zero.
pub async fn trial_balance(tx: &TenantTx) -> Result<Vec<CurrencyTotal>, sqlx::Error> {
    tx.with_connection(|connection| {
        Box::pin(async move {
            // As text: Postgres sums 64-bit integers into a numeric.
            let rows = sqlx::query(
                "SELECT currency, sum(balance_minor)::text AS total, count(*) AS accounts \
                 FROM ledger_account GROUP BY currency ORDER BY currency",
            )
            .fetch_all(connection)
            .await?;
            rows.iter()
                .map(|row| {
                    let total: String = row.try_get("total")?;
                    let total_minor = total.parse().map_err(|source| sqlx::Error::ColumnDecode {
                        index: "total".to_owned(),
                        source: Box::<std::num::ParseIntError>::new(source),
                    })?;
                    Ok(CurrencyTotal {
                        currency: currency(row, "currency")?,
                        total_minor,
                        accounts: row.try_get("accounts")?,
                    })
                })
                .collect()
        })
    })
    .await
}

/// Accounts whose balance, sequence or running balances are not the fold of their entries, or whose holds are not
/// what they keep back. There must be none.
pub async fn discrepancies(tx: &TenantTx) -> Result<Vec<LedgerAccountId>, sqlx::Error> {
    tx.with_connection(|connection| {
        Box::pin(async move {
            let rows = sqlx::query(
                "WITH running AS ( \
                   SELECT account_id, sequence, balance_after_minor, \
                     sum(amount_minor) OVER (PARTITION BY account_id ORDER BY sequence) AS folded, \
                     row_number() OVER (PARTITION BY account_id ORDER BY sequence) AS position FROM ledger_entry), \
                 folded AS ( \
                   SELECT account_id, count(*) AS entries, max(folded) FILTER (WHERE is_last) AS balance, \
                     bool_and(folded = balance_after_minor AND position = sequence) AS consistent \
                   FROM (SELECT *, position = count(*) OVER (PARTITION BY account_id) AS is_last FROM running) AS r \
                   GROUP BY account_id), \
                 held AS ( \
                   SELECT debit_account_id AS account_id, sum(remaining_minor) AS minor FROM ledger_hold \
                   WHERE state = 'pending' GROUP BY debit_account_id) \
                 SELECT coalesce(account.id, folded.account_id, held.account_id) FROM ledger_account account \
                   FULL JOIN folded ON folded.account_id = account.id FULL JOIN held ON held.account_id = account.id \
                   WHERE account.id IS NULL OR NOT coalesce(folded.consistent, true) \
                   OR account.sequence <> coalesce(folded.entries, 0) OR account.balance_minor <> coalesce(folded.balance, 0) \
                   OR account.held_minor <> coalesce(held.minor, 0)",
            )
            .fetch_all(connection)
            .await?;
            rows.iter().map(|row| row.try_get::<Uuid, _>(0).map(LedgerAccountId::from_uuid)).collect()
        })
    })
    .await
}
