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

/// Accounts whose balance, sequence or running balances are not the fold of their entries, or whose entries
/// are not those of the transfers. There must be none.
pub async fn discrepancies(tx: &TenantTx) -> Result<Vec<LedgerAccountId>, sqlx::Error> {
    tx.with_connection(|connection| {
        Box::pin(async move {
            let rows = sqlx::query(
                "WITH running AS ( \
                   SELECT account_id, sequence, balance_after_minor, \
                     sum(amount_minor) OVER (PARTITION BY account_id ORDER BY sequence) AS folded, \
                     row_number() OVER (PARTITION BY account_id ORDER BY sequence) AS position FROM ledger_entry), \
                 folded AS ( \
                   SELECT account_id, max(sequence) AS sequence, \
                     bool_and(folded = balance_after_minor AND position = sequence) AS consistent \
                   FROM running GROUP BY account_id), \
                 sides AS ( \
                   SELECT id AS transfer_id, debit_account_id AS account_id, -amount_minor AS amount_minor FROM ledger_transfer \
                   UNION ALL SELECT id, credit_account_id, amount_minor FROM ledger_transfer) \
                 SELECT account.id FROM ledger_account account LEFT JOIN folded ON folded.account_id = account.id \
                   WHERE coalesce(NOT folded.consistent, false) OR account.sequence <> coalesce(folded.sequence, 0) \
                   OR account.balance_minor <> coalesce((SELECT sum(amount_minor) FROM ledger_entry \
                        WHERE ledger_entry.account_id = account.id), 0) \
                 UNION SELECT coalesce(sides.account_id, entry.account_id) \
                   FROM sides FULL JOIN ledger_entry entry USING (transfer_id, account_id, amount_minor) \
                   WHERE sides.transfer_id IS NULL OR entry.sequence IS NULL",
            )
            .fetch_all(connection)
            .await?;
            rows.iter().map(|row| row.try_get::<Uuid, _>(0).map(LedgerAccountId::from_uuid)).collect()
        })
    })
    .await
}
