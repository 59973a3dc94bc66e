//! Wallets with money in them, made in the database: opening ten thousand over HTTP would measure nothing.

use kernel::WalletId;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::server::Served;

/// What every wallet begins with, in minor units: no load here may be refused.
const FUNDS: i64 = 1_000_000_000;

/// So many wallets of the merchant's own, numbered from 0 by their ids.
pub(crate) async fn make(served: &Served, wallets: usize) -> anyhow::Result<Vec<WalletId>> {
    let schema = served.schema();
    let id = "lpad(to_hex(n), 32, '0')::uuid";
    let numbers = format!("generate_series(0, {wallets} - 1) AS n");
    let sql = format!(
        "BEGIN; \
         INSERT INTO {schema}.ledger_account (id, currency, floor_minor, balance_minor, created_at) \
         SELECT {id}, 'eur', 0, {FUNDS}, now() FROM {numbers}; \
         INSERT INTO {schema}.wallet (id, account_id, currency, created_at) SELECT {id}, {id}, 'eur', now() FROM {numbers}; \
         COMMIT"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(served.admin()).await?;
    for table in ["ledger_account", "wallet"] {
        sqlx::query(AssertSqlSafe(format!("VACUUM ANALYZE {schema}.{table}"))).execute(served.admin()).await?;
    }
    (0..wallets).map(|number| Ok(WalletId::from_uuid(Uuid::from_u128(u128::try_from(number)?)))).collect()
}

/// No money was made, and nothing is missing between the entries of an account.
pub(crate) async fn check(served: &Served) -> anyhow::Result<()> {
    let schema = served.schema();
    let sql = format!(
        "SELECT sum(balance_minor)::bigint - count(*) * {FUNDS}, sum(sequence)::bigint - 2 * (SELECT count(*) FROM {schema}.ledger_transfer) \
         FROM {schema}.ledger_account"
    );
    let (made, missing): (i64, i64) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(served.admin()).await?;
    anyhow::ensure!((made, missing) == (0, 0), "{made} made, {missing} entries missing");
    Ok(())
}

/// What each wallet holds, by its number.
pub(crate) async fn balances(served: &Served) -> anyhow::Result<Vec<i64>> {
    read(served.admin(), served.schema()).await
}

async fn read(admin: &PgPool, schema: &str) -> anyhow::Result<Vec<i64>> {
    let sql = format!("SELECT balance_minor FROM {schema}.ledger_account ORDER BY id");
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(admin).await?)
}
