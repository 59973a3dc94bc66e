//! The entries of one account that are effective in a period, in order of effective date, and what it held at both
//! ends.

use kernel::{Currency, LedgerAccountId};
use sqlx::{PgConnection, Row as _};
use tenancy::TenantTx;
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{HistoryEntry, Horizon, horizon::balance_after, minor, whole};

/// Most entries of a period on an account whose effective dates went back: their order is kept in memory.
pub const ENTRIES_LISTED_MAX: usize = 1_000_000;

/// How many movements in one direction, and how much in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// How many.
    pub count: i64,
    /// Their sum, never negative. Many 64-bit amounts may exceed 64 bits.
    pub total_minor: i128,
}

/// Why a period has no extract.
#[derive(Debug, Error)]
pub enum ExtractError {
    /// More than [`ENTRIES_LISTED_MAX`] entries, and not in order of their effective dates.
    #[error("more than {ENTRIES_LISTED_MAX} entries that are not in order")]
    TooMany,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A period of an account as it was at one moment: opening and credits less debits are closing. Its entries are read
/// by page, in whatever transactions.
#[derive(Clone, Debug)]
pub struct Extract {
    /// Of which account.
    pub account: LedgerAccountId,
    /// What it is in.
    pub currency: Currency,
    /// Balance before the period.
    pub opening_minor: i64,
    /// Balance after it.
    pub closing_minor: i64,
    /// What came in.
    pub credits: Turnover,
    /// What went out.
    pub debits: Turnover,
    order: Order,
}

/// Which sequences, in order of effective date.
#[derive(Clone, Debug)]
enum Order {
    /// From the one behind `before` up to and including `last`.
    Run { before: i64, last: i64 },
    /// As the dates say.
    Listed(Vec<Uuid>),
}

/// Some of them.
enum Part {
    Run { behind: i64, last: i64 },
    Listed(Vec<Uuid>),
}

const LISTED: &str = "\
SELECT CASE debit_account_id WHEN $1 THEN debit_sequence ELSE credit_sequence END AS sequence, id AS transfer_id, \
  CASE debit_account_id WHEN $1 THEN credit_account_id ELSE debit_account_id END AS counterparty_id, \
  CASE debit_account_id WHEN $1 THEN -amount_minor ELSE amount_minor END AS amount_minor, \
  reverses IS NOT NULL AS reversal, effective_at, created_at \
FROM ledger_transfer WHERE id = ANY($2::uuid[]) ORDER BY effective_at, sequence";

/// What is effective from `from` and before `until` on an account; `None` where there is no such account.
pub async fn extract(
    tx: &TenantTx,
    account: LedgerAccountId,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Option<Extract>, ExtractError> {
    let Some(horizon) = Horizon::of(tx, account).await? else { return Ok(None) };
    let extract = tx
        .with_connection(move |connection| {
            Box::pin(async move {
                if horizon.in_order {
                    in_order(connection, horizon, from, until).await
                } else {
                    out_of_order(connection, horizon, from, until).await
                }
            })
        })
        .await?;
    if matches!(&extract.order, Order::Listed(transfers) if transfers.len() > ENTRIES_LISTED_MAX) {
        return Err(ExtractError::TooMany);
    }
    Ok(Some(extract))
}

async fn in_order(
    connection: &mut PgConnection,
    horizon: Horizon,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Extract, sqlx::Error> {
    let account = horizon.account.as_uuid();
    let before = horizon.last_before(connection, from).await?;
    let last = horizon.last_before(connection, until).await?;
    let row = sqlx::query(concat!(
        "SELECT ",
        "count(*) FILTER (WHERE amount_minor > 0) AS credits, ",
        "coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0)::text AS credits_total, ",
        "count(*) FILTER (WHERE amount_minor < 0) AS debits, ",
        "coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0)::text AS debits_total ",
        "FROM ledger_entries($1, $2, $3)",
    ))
    .bind(account)
    .bind(before)
    .bind(last)
    .fetch_one(&mut *connection)
    .await?;
    Ok(Extract {
        account: horizon.account,
        currency: horizon.currency,
        opening_minor: balance_after(connection, account, before).await?,
        closing_minor: balance_after(connection, account, last).await?,
        credits: Turnover { count: row.try_get("credits")?, total_minor: whole(&row, "credits_total")? },
        debits: Turnover { count: row.try_get("debits")?, total_minor: whole(&row, "debits_total")? },
        order: Order::Run { before, last },
    })
}

async fn out_of_order(
    connection: &mut PgConnection,
    horizon: Horizon,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Extract, sqlx::Error> {
    let account = horizon.account.as_uuid();
    let row = sqlx::query(concat!(
        "SELECT coalesce(sum(amount_minor) FILTER (WHERE effective_at < $3), 0)::text AS opening, ",
        "coalesce(sum(amount_minor), 0)::text AS closing, ",
        "count(*) FILTER (WHERE effective_at >= $3 AND amount_minor > 0) AS credits, ",
        "coalesce(sum(amount_minor) FILTER (WHERE effective_at >= $3 AND amount_minor > 0), 0)::text AS credits_total, ",
        "count(*) FILTER (WHERE effective_at >= $3 AND amount_minor < 0) AS debits, ",
        "coalesce(-sum(amount_minor) FILTER (WHERE effective_at >= $3 AND amount_minor < 0), 0)::text AS debits_total ",
        "FROM ledger_entries($1, 0, $2) WHERE effective_at < $4",
    ))
    .bind(account)
    .bind(horizon.sequence)
    .bind(from)
    .bind(until)
    .fetch_one(&mut *connection)
    .await?;
    let limit = i64::try_from(ENTRIES_LISTED_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let transfers = sqlx::query_scalar(
        "SELECT transfer_id FROM ledger_entries($1, 0, $2) WHERE effective_at >= $3 AND effective_at < $4 \
         ORDER BY effective_at, sequence LIMIT $5",
    )
    .bind(account)
    .bind(horizon.sequence)
    .bind(from)
    .bind(until)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(Extract {
        account: horizon.account,
        currency: horizon.currency,
        opening_minor: minor(&row, "opening")?,
        closing_minor: minor(&row, "closing")?,
        credits: Turnover { count: row.try_get("credits")?, total_minor: whole(&row, "credits_total")? },
        debits: Turnover { count: row.try_get("debits")?, total_minor: whole(&row, "debits_total")? },
        order: Order::Listed(transfers),
    })
}

impl Extract {
    /// How many entries there are.
    pub fn entries_count(&self) -> usize {
        match &self.order {
            Order::Run { before, last } => usize::try_from(last.saturating_sub(*before)).unwrap_or(0),
            Order::Listed(transfers) => transfers.len(),
        }
    }

    /// Up to `count` entries behind the first `skipped`, in order of effective date. One that is missing is an error.
    pub async fn entries(&self, tx: &TenantTx, skipped: usize, count: usize) -> Result<Vec<HistoryEntry>, sqlx::Error> {
        let account = self.account.as_uuid();
        let part = self.part(skipped, count);
        let (entries, expected) = tx
            .with_connection(move |connection| {
                Box::pin(async move {
                    let (query, expected) = match part {
                        Part::Run { behind, last } => (
                            sqlx::query(concat!(
                                "SELECT sequence, transfer_id, counterparty_id, amount_minor, reverses IS NOT NULL AS reversal, ",
                                "effective_at, created_at FROM ledger_entries($1, $2, $3) ORDER BY sequence",
                            ))
                            .bind(account)
                            .bind(behind)
                            .bind(last),
                            usize::try_from(last.saturating_sub(behind)).unwrap_or(usize::MAX),
                        ),
                        Part::Listed(transfers) => {
                            let expected = transfers.len();
                            (sqlx::query(LISTED).bind(account).bind(transfers), expected)
                        }
                    };
                    let rows = query.fetch_all(connection).await?;
                    let entries: Vec<HistoryEntry> = rows.iter().map(HistoryEntry::of).collect::<Result<_, _>>()?;
                    Ok((entries, expected))
                })
            })
            .await?;
        if entries.len() == expected { Ok(entries) } else { Err(sqlx::Error::RowNotFound) }
    }

    fn part(&self, skipped: usize, count: usize) -> Part {
        match &self.order {
            Order::Run { before, last } => {
                let limited = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
                let behind = before.saturating_add(limited(skipped)).min(*last);
                Part::Run { behind, last: behind.saturating_add(limited(count)).min(*last) }
            }
            Order::Listed(transfers) => Part::Listed(transfers.iter().skip(skipped).take(count).copied().collect()),
        }
    }
}
