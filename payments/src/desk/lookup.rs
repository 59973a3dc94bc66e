//! What has to be read before orders can be decided, in one question a table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::{Currency, CustomerId, WalletHoldId, WalletId, WalletTransferId};
use ledger::Question;
use policies::Reach;
use tenancy::{
    idempotency::{self, Record},
    lane::Query,
};
use thiserror::Error;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Ask, HoldAsk, TransferAsk, WalletOrder};

const WALLETS: &str = "SELECT id, customer_id, currency FROM {schema}.wallet WHERE id = ANY($1::uuid[])";
const CUSTOMERS: &str = "\
SELECT c.id, c.issuer, c.subject FROM {schema}.customer c JOIN unnest($1::text[], $2::text[]) AS s (issuer, subject) \
ON c.issuer = s.issuer AND c.subject = s.subject";
const TRANSFERS: &str = "\
SELECT id, source_wallet_id, destination_wallet_id FROM {schema}.wallet_transfer WHERE id = ANY($1::uuid[])";
const HOLDS: &str = "\
SELECT id, source_wallet_id, destination_wallet_id, metadata::text AS metadata, created_at FROM {schema}.wallet_hold \
WHERE id = ANY($1::uuid[])";

/// A row that could not be read.
#[derive(Debug, Error)]
pub(super) enum LookupError {
    #[error("a row could not be read")]
    Row(#[from] tokio_postgres::Error),
    #[error("column {0} holds what it cannot hold")]
    Damaged(&'static str),
    #[error("an answer is missing")]
    Missing,
}

/// What is asked about, beside what was found before.
#[derive(Debug, Default)]
pub struct Asked {
    found: Found,
    wallets: BTreeSet<Uuid>,
    subjects: BTreeSet<(String, String)>,
    transfers: BTreeSet<Uuid>,
    holds: BTreeSet<Uuid>,
    keys: Vec<String>,
}

/// A wallet, as far as a decision is about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WalletFacts {
    pub(crate) customer: Option<CustomerId>,
    pub(crate) currency: Currency,
}

/// A transfer to reverse.
#[derive(Clone, Debug)]
pub(super) struct TransferFacts {
    pub(super) source: WalletId,
    pub(super) destination: WalletId,
}

/// What the merchant said of a hold.
#[derive(Clone, Debug)]
pub(super) struct HoldFacts {
    pub(super) source: WalletId,
    pub(super) destination: WalletId,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) created: OffsetDateTime,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) wallets: HashMap<WalletId, WalletFacts>,
    pub(super) customers: HashMap<(String, String), CustomerId>,
    pub(super) transfers: HashMap<WalletTransferId, TransferFacts>,
    pub(super) holds: HashMap<WalletHoldId, HoldFacts>,
    pub(super) records: HashMap<String, Record>,
}

impl Asked {
    pub(super) fn of(
        orders: &[&WalletOrder],
        asked: Question,
        known: impl Fn(WalletId) -> Option<WalletFacts>,
    ) -> Self {
        let mut all = Self::default();
        let wallet = |all: &mut Self, id: WalletId| match known(id) {
            Some(facts) => {
                all.found.wallets.insert(id, facts);
            }
            None => {
                all.wallets.insert(id.as_uuid());
            }
        };
        for order in orders {
            for ask in &order.asks {
                match ask {
                    Ask::Refused(_) => {}
                    Ask::Transfer(TransferAsk { source, destination, .. })
                    | Ask::Hold(HoldAsk { source, destination, .. }) => {
                        wallet(&mut all, *source);
                        wallet(&mut all, *destination);
                    }
                    Ask::Reverse { original, .. } => all.transfers.extend([original.as_uuid()]),
                    Ask::Capture { hold, .. } | Ask::Release { hold } | Ask::Expire { hold } => {
                        all.holds.extend([hold.as_uuid()]);
                    }
                }
            }
            if let (Reach::Own, Some(subject)) = (order.reach, order.actor.subject()) {
                all.subjects.insert((subject.issuer.clone(), subject.subject.clone()));
            }
            if asked == Question::Again {
                all.keys.push(order.key.as_str().to_owned());
            }
        }
        all
    }

    /// The questions, in the order in which [`read`](Self::read) takes the answers.
    pub(super) fn queries(&self) -> Vec<Query> {
        let mut queries = Vec::new();
        for (sql, ids) in [(WALLETS, &self.wallets), (TRANSFERS, &self.transfers), (HOLDS, &self.holds)] {
            if !ids.is_empty() {
                queries.push(Query { sql, params: vec![Box::new(ids.iter().copied().collect::<Vec<_>>())] });
            }
        }
        if !self.subjects.is_empty() {
            let (issuers, subjects): (Vec<_>, Vec<_>) = self.subjects.iter().cloned().unzip();
            queries.push(Query { sql: CUSTOMERS, params: vec![Box::new(issuers), Box::new(subjects)] });
        }
        if !self.keys.is_empty() {
            queries.push(Query { sql: idempotency::RECORDS, params: vec![Box::new(self.keys.clone())] });
        }
        queries
    }

    pub(super) fn read(self, answers: &[Vec<Row>]) -> Result<Found, LookupError> {
        let Self { mut found, wallets, subjects, transfers, holds, keys } = self;
        let mut answers = answers.iter();
        let mut next = |is_asked: bool| -> Result<&[Row], LookupError> {
            if is_asked { answers.next().map(Vec::as_slice).ok_or(LookupError::Missing) } else { Ok(&[]) }
        };
        for row in next(!wallets.is_empty())? {
            let customer: Option<Uuid> = row.try_get("customer_id")?;
            let facts = WalletFacts { customer: customer.map(CustomerId::from_uuid), currency: currency(row)? };
            found.wallets.insert(WalletId::from_uuid(row.try_get("id")?), facts);
        }
        for row in next(!transfers.is_empty())? {
            found.transfers.insert(WalletTransferId::from_uuid(row.try_get("id")?), transfer(row)?);
        }
        for row in next(!holds.is_empty())? {
            found.holds.insert(WalletHoldId::from_uuid(row.try_get("id")?), hold(row)?);
        }
        for row in next(!subjects.is_empty())? {
            let subject = (row.try_get("issuer")?, row.try_get("subject")?);
            found.customers.insert(subject, CustomerId::from_uuid(row.try_get("id")?));
        }
        for row in next(!keys.is_empty())? {
            let record = idempotency::record(row)?;
            found.records.insert(record.key.clone(), record);
        }
        Ok(found)
    }
}

fn currency(row: &Row) -> Result<Currency, LookupError> {
    let code: &str = row.try_get("currency")?;
    code.parse().map_err(|_| LookupError::Damaged("currency"))
}

fn transfer(row: &Row) -> Result<TransferFacts, LookupError> {
    Ok(TransferFacts {
        source: WalletId::from_uuid(row.try_get("source_wallet_id")?),
        destination: WalletId::from_uuid(row.try_get("destination_wallet_id")?),
    })
}

fn hold(row: &Row) -> Result<HoldFacts, LookupError> {
    let metadata: &str = row.try_get("metadata")?;
    Ok(HoldFacts {
        source: WalletId::from_uuid(row.try_get("source_wallet_id")?),
        destination: WalletId::from_uuid(row.try_get("destination_wallet_id")?),
        metadata: serde_json::from_str(metadata).map_err(|_| LookupError::Damaged("metadata"))?,
        created: row.try_get("created_at")?,
    })
}
