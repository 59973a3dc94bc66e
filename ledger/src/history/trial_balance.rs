//! The trial balance: every account's balance in the column of its side; both columns come to the same.

use kernel::Currency;
use sqlx::{Row as _, postgres::PgRow};
use tenancy::TenantTx;
use time::OffsetDateTime;

use super::whole;
use crate::account::currency;

/// Both columns of one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyColumns {
    /// Of which currency.
    pub currency: Currency,
    /// Sum of the balances below zero, without their sign.
    pub debits_minor: i128,
    /// Sum of the balances above zero.
    pub credits_minor: i128,
    /// Over how many accounts.
    pub accounts: i64,
}

impl CurrencyColumns {
    /// Credits less debits: zero, or the books are broken.
    pub const fn balance_minor(&self) -> i128 {
        self.credits_minor.saturating_sub(self.debits_minor)
    }

    fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            currency: currency(row, "currency")?,
            debits_minor: whole(row, "debits")?,
            credits_minor: whole(row, "credits")?,
            accounts: row.try_get("accounts")?,
        })
    }
}

/// Both columns per currency as they stand now, in order of currency. Costs a look at every account.
pub async fn trial_balance(tx: &TenantTx) -> Result<Vec<CurrencyColumns>, sqlx::Error> {
    tx.with_connection(|connection| {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT currency, sum(greatest(-balance_minor::numeric, 0))::text AS debits, \
                   sum(greatest(balance_minor, 0))::text AS credits, count(*) AS accounts \
                 FROM ledger_account GROUP BY currency ORDER BY currency",
            )
            .fetch_all(connection)
            .await?;
            rows.iter().map(CurrencyColumns::of).collect()
        })
    })
    .await
}

/// The same by everything effective before `until`. Costs a look at every entry effective from then on.
pub async fn trial_balance_before(tx: &TenantTx, until: OffsetDateTime) -> Result<Vec<CurrencyColumns>, sqlx::Error> {
    tx.with_connection(move |connection| {
        Box::pin(async move {
            // One statement, so one moment: today's balances less what came later.
            let rows = sqlx::query(
                "WITH later AS ( \
                   SELECT account_id, sum(amount_minor) AS moved FROM ledger_entry \
                   WHERE effective_at >= $1 GROUP BY account_id), \
                 then_held AS ( \
                   SELECT account.currency, account.balance_minor - coalesce(later.moved, 0) AS held \
                   FROM ledger_account account LEFT JOIN later ON later.account_id = account.id) \
                 SELECT currency, sum(greatest(-held, 0))::text AS debits, sum(greatest(held, 0))::text AS credits, \
                   count(*) AS accounts \
                 FROM then_held GROUP BY currency ORDER BY currency",
            )
            .bind(until)
            .fetch_all(connection)
            .await?;
            rows.iter().map(CurrencyColumns::of).collect()
        })
    })
    .await
}
