//! Accounts of the environment itself: the other side of money that comes from or goes outside.

use kernel::{Clock, Currency, Entropy, LedgerAccountId};
use sqlx::{PgConnection, Row as _};
use tenancy::TenantTx;
use uuid::Uuid;

/// What a clearing account stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClearingPurpose {
    /// The world outside: goes negative by what has come in.
    External,
    /// What conversions took in one currency and gave in another.
    FxPosition,
    /// What conversions earned.
    FxRevenue,
}

impl ClearingPurpose {
    /// What the column holds.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::FxPosition => "fx_position",
            Self::FxRevenue => "fx_revenue",
        }
    }
}

/// The environment's account for this purpose and currency, opened when it is first asked for.
///
/// Ask for it before any account is locked: the first use waits for a concurrent first use to commit.
pub async fn clearing_account(
    tx: &TenantTx,
    purpose: ClearingPurpose,
    currency: Currency,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<LedgerAccountId, sqlx::Error> {
    let fresh = LedgerAccountId::generate(clock, entropy).as_uuid();
    let now = clock.now();
    tx.with_connection(move |connection| {
        Box::pin(async move {
            if let Some(found) = find(connection, purpose, currency).await? {
                return Ok(found);
            }
            // One statement claims the place and opens the account, so the loser of a race leaves no account behind.
            let opened = sqlx::query(
                "WITH claimed AS ( \
                   INSERT INTO ledger_clearing_account (purpose, currency, account_id) VALUES ($1, $2, $3) \
                   ON CONFLICT (purpose, currency) DO NOTHING RETURNING account_id) \
                 INSERT INTO ledger_account (id, currency, created_at) SELECT account_id, $2, $4 FROM claimed",
            )
            .bind(purpose.as_str())
            .bind(currency.code())
            .bind(fresh)
            .bind(now)
            .execute(&mut *connection)
            .await?;
            if opened.rows_affected() == 1 {
                return Ok(LedgerAccountId::from_uuid(fresh));
            }
            // The conflict waited for the winner's commit; only a later statement sees its row.
            find(connection, purpose, currency).await?.ok_or_else(|| {
                sqlx::Error::Protocol(format!(
                    "the {} account in {currency} conflicts but is not there",
                    purpose.as_str()
                ))
            })
        })
    })
    .await
}

async fn find(
    connection: &mut PgConnection,
    purpose: ClearingPurpose,
    currency: Currency,
) -> Result<Option<LedgerAccountId>, sqlx::Error> {
    let row = sqlx::query("SELECT account_id FROM ledger_clearing_account WHERE purpose = $1 AND currency = $2")
        .bind(purpose.as_str())
        .bind(currency.code())
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.try_get::<Uuid, _>("account_id").map(LedgerAccountId::from_uuid)).transpose()
}
