//! New transfers and holds as columns.

use sea_orm::prelude::Json;
use tenancy::lane::{Param, Query};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Object;
use crate::{metadata, wallet_hold::WalletHold, wallet_transfer::WalletTransfer};

const WRITE_TRANSFERS: &str = "\
INSERT INTO {schema}.wallet_transfer (id, source_wallet_id, destination_wallet_id, amount_minor, currency, ledger_transfer_id, \
  description, metadata, occurred_at, reverses, hold_id, created_at) \
SELECT id, source, destination, amount, currency, id, description, metadata::jsonb, occurred_at, reverses, hold, \
  $11::timestamptz \
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::bytea[], $7::text[], $8::timestamptz[], \
  $9::uuid[], $10::uuid[]) \
AS t (id, source, destination, amount, currency, description, metadata, occurred_at, reverses, hold)";
const WRITE_HOLDS: &str = "\
INSERT INTO {schema}.wallet_hold (id, source_wallet_id, destination_wallet_id, metadata, created_at) \
SELECT id, source, destination, metadata::jsonb, $5::timestamptz \
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) AS h (id, source, destination, metadata)";

#[derive(Default)]
pub(super) struct ObjectColumns {
    transfers: TransferColumns,
    holds: HoldColumns,
}

#[derive(Default)]
struct TransferColumns {
    ids: Vec<Uuid>,
    sources: Vec<Uuid>,
    destinations: Vec<Uuid>,
    amounts: Vec<i64>,
    currencies: Vec<String>,
    descriptions: Vec<Option<Vec<u8>>>,
    metadata: Vec<String>,
    occurred_at: Vec<OffsetDateTime>,
    reverses: Vec<Option<Uuid>>,
    holds: Vec<Option<Uuid>>,
}

#[derive(Default)]
struct HoldColumns {
    ids: Vec<Uuid>,
    sources: Vec<Uuid>,
    destinations: Vec<Uuid>,
    metadata: Vec<String>,
}

impl ObjectColumns {
    /// Adds what is new; what was only changed is the ledger's.
    pub(super) fn push(&mut self, object: &Object) {
        match object {
            Object::Transfer(transfer, sealed) => {
                self.transfers.push(transfer, sealed.as_ref().map(|sealed| sealed.as_bytes().to_vec()));
            }
            Object::NewHold(hold) => self.holds.push(hold),
            Object::Hold(_) => {}
        }
    }

    pub(super) fn queries(self, now: OffsetDateTime) -> Vec<Query> {
        let mut queries = Vec::new();
        if !self.transfers.ids.is_empty() {
            queries.push(Query { sql: WRITE_TRANSFERS, params: self.transfers.params(now) });
        }
        if !self.holds.ids.is_empty() {
            queries.push(Query { sql: WRITE_HOLDS, params: self.holds.params(now) });
        }
        queries
    }
}

impl TransferColumns {
    fn push(&mut self, transfer: &WalletTransfer, description: Option<Vec<u8>>) {
        self.ids.push(transfer.id.as_uuid());
        self.sources.push(transfer.source.as_uuid());
        self.destinations.push(transfer.destination.as_uuid());
        self.amounts.push(transfer.amount.minor());
        self.currencies.push(transfer.currency.code());
        self.descriptions.push(description);
        self.metadata.push(text(&metadata::to_json(&transfer.metadata)));
        self.occurred_at.push(transfer.occurred_at);
        self.reverses.push(transfer.reverses.map(|id| id.as_uuid()));
        self.holds.push(transfer.hold.map(|id| id.as_uuid()));
    }

    fn params(self, now: OffsetDateTime) -> Vec<Param> {
        vec![
            Box::new(self.ids),
            Box::new(self.sources),
            Box::new(self.destinations),
            Box::new(self.amounts),
            Box::new(self.currencies),
            Box::new(self.descriptions),
            Box::new(self.metadata),
            Box::new(self.occurred_at),
            Box::new(self.reverses),
            Box::new(self.holds),
            Box::new(now),
        ]
    }
}

impl HoldColumns {
    fn push(&mut self, hold: &WalletHold) {
        self.ids.push(hold.id.as_uuid());
        self.sources.push(hold.source.as_uuid());
        self.destinations.push(hold.destination.as_uuid());
        self.metadata.push(text(&metadata::to_json(&hold.metadata)));
    }

    fn params(self, now: OffsetDateTime) -> Vec<Param> {
        vec![
            Box::new(self.ids),
            Box::new(self.sources),
            Box::new(self.destinations),
            Box::new(self.metadata),
            Box::new(now),
        ]
    }
}

fn text(json: &Json) -> String {
    json.to_string()
}
