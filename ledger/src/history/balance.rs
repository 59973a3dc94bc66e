//! A balance at a moment.

use kernel::{LedgerAccountId, Money};
use tenancy::TenantTx;
use time::OffsetDateTime;

use super::{Horizon, horizon::balance_after, minor};

/// What an account held by everything effective before `until`, as it is known now: a booking dated back changes it.
/// `None` where there is no such account.
pub async fn balance_before(
    tx: &TenantTx,
    account: LedgerAccountId,
    until: OffsetDateTime,
) -> Result<Option<Money>, sqlx::Error> {
    let Some(horizon) = Horizon::of(tx, account).await? else { return Ok(None) };
    let minor =
        if horizon.in_order { by_halving(tx, horizon, until).await? } else { by_sum(tx, horizon, until).await? };
    Ok(Some(Money { minor, currency: horizon.currency }))
}

async fn by_halving(tx: &TenantTx, horizon: Horizon, until: OffsetDateTime) -> Result<i64, sqlx::Error> {
    tx.with_connection(move |connection| {
        Box::pin(async move {
            let last = horizon.last_before(connection, until).await?;
            balance_after(connection, horizon.account.as_uuid(), last).await
        })
    })
    .await
}

async fn by_sum(tx: &TenantTx, horizon: Horizon, until: OffsetDateTime) -> Result<i64, sqlx::Error> {
    tx.with_connection(move |connection| {
        Box::pin(async move {
            let row = sqlx::query(
                "SELECT coalesce(sum(amount_minor), 0)::text AS total FROM ledger_entries($1, 0, $2) \
                 WHERE effective_at < $3",
            )
            .bind(horizon.account.as_uuid())
            .bind(horizon.sequence)
            .bind(until)
            .fetch_one(connection)
            .await?;
            minor(&row, "total")
        })
    })
    .await
}
