//! What stands in an environment's tables when nobody writes any more.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::order::KEY_PREFIX;

const RECORDS: &str = "SELECT key, status, body FROM {s}.idempotency_record WHERE key LIKE '{p} %'";
const TRANSFERS: &str = "\
SELECT id, source_wallet_id AS source, destination_wallet_id AS destination, amount_minor AS amount, reverses, \
  hold_id AS hold, metadata->>'key' AS key FROM {s}.wallet_transfer";
const LEDGER_TRANSFERS: &str = "\
SELECT id, debit_account_id AS source, credit_account_id AS destination, amount_minor AS amount, reverses, \
  hold_id AS hold, NULL::text AS key FROM {s}.ledger_transfer";
const HOLDS: &str = "\
SELECT h.id, h.debit_account_id AS source, h.credit_account_id AS destination, h.amount_minor AS amount, \
  h.remaining_minor AS remaining, h.captured_minor AS captured, h.state, w.metadata->>'key' AS key \
FROM {s}.ledger_hold h LEFT JOIN {s}.wallet_hold w ON w.id = h.id AND w.source_wallet_id = h.debit_account_id \
  AND w.destination_wallet_id = h.credit_account_id";
const ACCOUNTS: &str = "\
SELECT id, balance_minor AS balance, held_minor AS held, floor_minor AS floor FROM {s}.ledger_account";
const AUDIT: &str = "\
SELECT action, target, outcome, code, count(*) AS number FROM {s}.audit_record \
WHERE action LIKE 'wallet\\_transfer.%' OR action LIKE 'wallet\\_hold.%' GROUP BY action, target, outcome, code";
/// The one place here that reads the table of events: which events there are of which object.
const EVENTS: &str = "\
    SELECT type, object, count(*) AS number FROM (SELECT type, unnest(object_ids) AS object FROM {s}.event) e \
    GROUP BY type, object";
const WALLET_HOLDS: &str = "SELECT count(*) AS number FROM {s}.wallet_hold";

/// A stored answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub key: String,
    pub status: Option<i16>,
    pub body: Option<String>,
}

/// A transfer, as the API or as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub id: Uuid,
    pub source: Uuid,
    pub destination: Uuid,
    pub amount: i64,
    pub reverses: Option<Uuid>,
    pub hold: Option<Uuid>,
    pub key: Option<String>,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub id: Uuid,
    pub source: Uuid,
    pub destination: Uuid,
    pub amount: i64,
    pub remaining: i64,
    pub captured: i64,
    pub state: String,
    pub key: Option<String>,
}

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: Uuid,
    pub balance: i64,
    pub held: i64,
    pub floor: Option<i64>,
}

/// What an audit record says, without its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub action: String,
    pub target: Option<String>,
    pub outcome: String,
    pub code: Option<String>,
}

/// An event, without its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    pub kind: String,
    pub object: Uuid,
}

/// Everything of one environment.
#[derive(Clone, Debug, Default)]
pub struct Books {
    pub records: BTreeMap<String, Record>,
    pub transfers: Vec<Transfer>,
    pub ledger_transfers: Vec<Transfer>,
    pub holds: Vec<Hold>,
    pub wallet_holds: i64,
    pub accounts: BTreeMap<Uuid, Account>,
    pub audit: BTreeMap<Line, i64>,
    pub events: BTreeMap<Event, i64>,
}

impl Books {
    /// Reads all of it.
    pub async fn read(pool: &PgPool, schema: &str) -> Self {
        let wallet_holds = rows(pool, schema, WALLET_HOLDS, |row| row.get(0)).await;
        Self {
            records: rows(pool, schema, RECORDS, record).await.into_iter().collect(),
            transfers: rows(pool, schema, TRANSFERS, transfer).await,
            ledger_transfers: rows(pool, schema, LEDGER_TRANSFERS, transfer).await,
            holds: rows(pool, schema, HOLDS, hold).await,
            wallet_holds: wallet_holds[0],
            accounts: rows(pool, schema, ACCOUNTS, account).await.into_iter().collect(),
            audit: rows(pool, schema, AUDIT, line).await.into_iter().collect(),
            events: rows(pool, schema, EVENTS, event).await.into_iter().collect(),
        }
    }
}

async fn rows<T>(pool: &PgPool, schema: &str, sql: &str, read: impl Fn(&PgRow) -> T) -> Vec<T> {
    let sql = sql.replace("{s}", schema).replace("{p}", KEY_PREFIX);
    let rows = sqlx::query(AssertSqlSafe(sql.clone())).fetch_all(pool).await;
    rows.unwrap_or_else(|error| panic!("{sql}: {error}")).iter().map(read).collect()
}

fn record(row: &PgRow) -> (String, Record) {
    let key: String = row.get("key");
    (key.clone(), Record { key, status: row.get("status"), body: row.get("body") })
}

fn transfer(row: &PgRow) -> Transfer {
    Transfer {
        id: row.get("id"),
        source: row.get("source"),
        destination: row.get("destination"),
        amount: row.get("amount"),
        reverses: row.get("reverses"),
        hold: row.get("hold"),
        key: row.get("key"),
    }
}

fn hold(row: &PgRow) -> Hold {
    Hold {
        id: row.get("id"),
        source: row.get("source"),
        destination: row.get("destination"),
        amount: row.get("amount"),
        remaining: row.get("remaining"),
        captured: row.get("captured"),
        state: row.get("state"),
        key: row.get("key"),
    }
}

fn account(row: &PgRow) -> (Uuid, Account) {
    let id = row.get("id");
    (id, Account { id, balance: row.get("balance"), held: row.get("held"), floor: row.get("floor") })
}

fn line(row: &PgRow) -> (Line, i64) {
    let line = Line {
        action: row.get("action"),
        target: row.get("target"),
        outcome: row.get("outcome"),
        code: row.get("code"),
    };
    (line, row.get("number"))
}

fn event(row: &PgRow) -> (Event, i64) {
    (Event { kind: row.get("type"), object: row.get("object") }, row.get("number"))
}
