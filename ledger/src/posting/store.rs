//! The posting's two statements. Set-based, so their number does not grow with the posting.

use std::collections::BTreeSet;

use kernel::LedgerAccountId;
use sqlx::Row as _;
use tenancy::TenantTx;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    account::currency,
    rules::{AccountState, Changes, TransferDraft},
};

/// Locks the accounts in id order and reads them as they are under the lock; missing ones are left out.
pub(super) async fn lock_accounts(
    tx: &TenantTx,
    accounts: &BTreeSet<LedgerAccountId>,
) -> Result<Vec<AccountState>, sqlx::Error> {
    let ids: Vec<Uuid> = accounts.iter().map(LedgerAccountId::as_uuid).collect();
    tx.with_connection(move |connection| {
        Box::pin(async move {
            // NO KEY UPDATE leaves foreign-key checks of new wallets alone; nothing else may change the row meanwhile.
            let rows = sqlx::query(
                "SELECT id, currency, floor_minor, balance_minor, sequence FROM ledger_account \
                 WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
            )
            .bind(ids)
            .fetch_all(connection)
            .await?;
            rows.iter()
                .map(|row| {
                    Ok(AccountState {
                        id: LedgerAccountId::from_uuid(row.try_get("id")?),
                        currency: currency(row, "currency")?,
                        floor_minor: row.try_get("floor_minor")?,
                        balance_minor: row.try_get("balance_minor")?,
                        sequence: row.try_get("sequence")?,
                    })
                })
                .collect()
        })
    })
    .await
}

/// An account is only changed if it still has the entries the decision was built on.
const WRITE: &str = "\
WITH transfers AS ( \
  INSERT INTO ledger_transfer (id, debit_account_id, credit_account_id, amount_minor, currency, created_at) \
  SELECT id, debit, credit, amount, currency, $6 \
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[]) AS t (id, debit, credit, amount, currency) \
  RETURNING 1), \
entries AS ( \
  INSERT INTO ledger_entry (account_id, sequence, transfer_id, amount_minor, balance_after_minor) \
  SELECT account, sequence, transfer, amount, balance \
  FROM unnest($7::uuid[], $8::bigint[], $9::uuid[], $10::bigint[], $11::bigint[]) \
    AS e (account, sequence, transfer, amount, balance) \
  RETURNING 1), \
accounts AS ( \
  UPDATE ledger_account SET balance_minor = a.balance, sequence = a.sequence \
  FROM unnest($12::uuid[], $13::bigint[], $14::bigint[], $15::bigint[]) AS a (id, balance, sequence, sequence_before) \
  WHERE ledger_account.id = a.id AND ledger_account.sequence = a.sequence_before \
  RETURNING 1) \
SELECT (SELECT count(*) FROM transfers), (SELECT count(*) FROM entries), (SELECT count(*) FROM accounts)";

/// Writes an accepted posting. A count that is off fails the transaction for good.
pub(super) async fn write(
    tx: &TenantTx,
    posting: &[TransferDraft],
    changes: &Changes,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let transfers = TransferColumns::of(posting);
    let entries = EntryColumns::of(changes);
    let accounts = AccountColumns::of(changes);
    let expected = [posting.len(), changes.entries.len(), changes.accounts.len()];
    tx.with_connection(move |connection| {
        Box::pin(async move {
            let counts: (i64, i64, i64) = sqlx::query_as(WRITE)
                .bind(transfers.ids)
                .bind(transfers.debits)
                .bind(transfers.credits)
                .bind(transfers.amounts)
                .bind(transfers.currencies)
                .bind(now)
                .bind(entries.accounts)
                .bind(entries.sequences)
                .bind(entries.transfers)
                .bind(entries.amounts)
                .bind(entries.balances)
                .bind(accounts.ids)
                .bind(accounts.balances)
                .bind(accounts.sequences)
                .bind(accounts.sequences_before)
                .fetch_one(connection)
                .await?;
            let written = [counts.0, counts.1, counts.2].map(usize::try_from);
            if written == expected.map(Ok) {
                Ok(())
            } else {
                Err(sqlx::Error::Protocol(format!("the posting wrote {counts:?} rows where {expected:?} were due")))
            }
        })
    })
    .await
}

struct TransferColumns {
    ids: Vec<Uuid>,
    debits: Vec<Uuid>,
    credits: Vec<Uuid>,
    amounts: Vec<i64>,
    currencies: Vec<String>,
}

impl TransferColumns {
    fn of(posting: &[TransferDraft]) -> Self {
        Self {
            ids: posting.iter().map(|transfer| transfer.id.as_uuid()).collect(),
            debits: posting.iter().map(|transfer| transfer.debit.as_uuid()).collect(),
            credits: posting.iter().map(|transfer| transfer.credit.as_uuid()).collect(),
            amounts: posting.iter().map(|transfer| transfer.amount.minor()).collect(),
            currencies: posting.iter().map(|transfer| transfer.currency.code()).collect(),
        }
    }
}

struct EntryColumns {
    accounts: Vec<Uuid>,
    sequences: Vec<i64>,
    transfers: Vec<Uuid>,
    amounts: Vec<i64>,
    balances: Vec<i64>,
}

impl EntryColumns {
    fn of(changes: &Changes) -> Self {
        Self {
            accounts: changes.entries.iter().map(|entry| entry.account.as_uuid()).collect(),
            sequences: changes.entries.iter().map(|entry| entry.sequence).collect(),
            transfers: changes.entries.iter().map(|entry| entry.transfer.as_uuid()).collect(),
            amounts: changes.entries.iter().map(|entry| entry.amount_minor).collect(),
            balances: changes.entries.iter().map(|entry| entry.balance_after_minor).collect(),
        }
    }
}

struct AccountColumns {
    ids: Vec<Uuid>,
    balances: Vec<i64>,
    sequences: Vec<i64>,
    sequences_before: Vec<i64>,
}

impl AccountColumns {
    fn of(changes: &Changes) -> Self {
        Self {
            ids: changes.accounts.iter().map(|change| change.after.id.as_uuid()).collect(),
            balances: changes.accounts.iter().map(|change| change.after.balance_minor).collect(),
            sequences: changes.accounts.iter().map(|change| change.after.sequence).collect(),
            sequences_before: changes.accounts.iter().map(|change| change.sequence_before).collect(),
        }
    }
}
