//! How far a reader looks, and where in an account's entries a date lies.

use kernel::{Currency, LedgerAccountId};
use sqlx::{PgConnection, Row as _};
use tenancy::TenantTx;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::account::currency;

/// An account as it was first seen: entries behind its sequence are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Horizon {
    pub(super) account: LedgerAccountId,
    pub(super) currency: Currency,
    /// Number of entries.
    pub(super) sequence: i64,
    /// Whether effective dates never went back from one entry to the next.
    pub(super) in_order: bool,
}

impl Horizon {
    pub(super) async fn of(tx: &TenantTx, account: LedgerAccountId) -> Result<Option<Self>, sqlx::Error> {
        let id = account.as_uuid();
        tx.with_connection(move |connection| {
            Box::pin(async move {
                let row = sqlx::query("SELECT currency, sequence, in_order FROM ledger_account WHERE id = $1")
                    .bind(id)
                    .fetch_optional(connection)
                    .await?;
                row.map(|row| {
                    Ok(Self {
                        account,
                        currency: currency(&row, "currency")?,
                        sequence: row.try_get("sequence")?,
                        in_order: row.try_get("in_order")?,
                    })
                })
                .transpose()
            })
        })
        .await
    }

    /// The last entry effective before `until`, 0 where there is none. Only for an account in order.
    ///
    /// Halving over the marks, which are dense: marks up to `low` are before it, marks above `high` are not. A mark that
    /// is missing in between ends the search without an answer, which is an error. Then the walk from the next mark.
    pub(super) async fn last_before(
        &self,
        connection: &mut PgConnection,
        until: OffsetDateTime,
    ) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(
            "WITH RECURSIVE search (low, high) AS ( \
               SELECT 0::bigint, $2::bigint / 32 \
               UNION ALL \
               SELECT CASE WHEN mark.effective_at < $3 THEN mark.sequence / 32 ELSE search.low END, \
                 CASE WHEN mark.effective_at < $3 THEN search.high ELSE mark.sequence / 32 - 1 END \
               FROM search, LATERAL ( \
                 SELECT sequence, effective_at FROM ledger_mark \
                 WHERE account_id = $1 AND sequence = (search.low + search.high + 1) / 2 * 32) mark \
               WHERE search.low < search.high), \
             found AS (SELECT low * 32 AS sequence FROM search WHERE low >= high) \
             SELECT greatest(found.sequence, ( \
               SELECT max(e.sequence) FROM ledger_entries($1, found.sequence, least(found.sequence + 32, $2)) e \
               WHERE e.effective_at < $3)) FROM found",
        )
        .bind(self.account.as_uuid())
        .bind(self.sequence)
        .bind(until)
        .fetch_one(connection)
        .await
    }
}

/// The balance after an entry of an account; zero before the first.
pub(super) async fn balance_after(
    connection: &mut PgConnection,
    account: Uuid,
    sequence: i64,
) -> Result<i64, sqlx::Error> {
    if sequence == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT balance_after_minor FROM ledger_entries($1, $2 - 1, $2)")
        .bind(account)
        .bind(sequence)
        .fetch_one(connection)
        .await
}
