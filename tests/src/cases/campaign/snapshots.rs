//! A reader that looks at the books all the time, straight from Postgres. One statement is one snapshot.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tokio::{task::JoinHandle, time::sleep};

/// Between two snapshots, and between two tries to connect.
const INTERVAL: Duration = Duration::from_millis(10);

/// Per column what is wrong, or null; then how many entries there are and how many holds are pending.
const SNAPSHOT: &str = "\
SELECT \
  (SELECT string_agg(currency || ' ' || total, ', ') FROM (SELECT currency, sum(balance_minor)::text AS total \
    FROM {s}.ledger_account GROUP BY currency HAVING sum(balance_minor) <> 0) t) AS sums, \
  (SELECT string_agg(id || ' has ' || balance_minor || ' and holds ' || held_minor, ', ') FROM {s}.ledger_account \
    WHERE balance_minor - held_minor < floor_minor) AS below_floor, \
  (SELECT string_agg(a.id || ' holds ' || a.held_minor || ', its holds ' || coalesce(h.minor, 0), ', ') \
    FROM {s}.ledger_account a LEFT JOIN (SELECT debit_account_id, sum(remaining_minor) AS minor \
      FROM {s}.ledger_hold WHERE state = 'pending' GROUP BY debit_account_id) h ON h.debit_account_id = a.id \
    WHERE a.held_minor <> coalesce(h.minor, 0)) AS held, \
  (SELECT string_agg(a.id::text, ', ') FROM {s}.ledger_account a WHERE a.sequence > 0 AND a.balance_minor IS DISTINCT FROM \
    coalesce((SELECT debit_balance_minor FROM {s}.ledger_transfer t WHERE t.debit_account_id = a.id AND t.debit_sequence = a.sequence), \
      (SELECT credit_balance_minor FROM {s}.ledger_transfer t WHERE t.credit_account_id = a.id AND t.credit_sequence = a.sequence))) \
    AS last_entry, \
  (SELECT sum(sequence)::bigint FROM {s}.ledger_account) AS entries, \
  (SELECT count(*) FROM {s}.ledger_hold WHERE state = 'pending') AS pending";

/// What a snapshot may say is wrong.
const COLUMNS: [(&str, &str); 4] = [
    ("sums", "balances do not add up to zero"),
    ("below_floor", "an account is below its floor, holds counted"),
    ("held", "an account does not keep back what its pending holds say"),
    ("last_entry", "a balance is not that after its account's last entry"),
];

/// What the reader saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub snapshots: usize,
    /// Snapshots that differ in what was posted.
    pub states: BTreeSet<i64>,
    pub pending_max: i64,
    pub violations: Vec<String>,
}

/// A reader at work.
#[derive(Debug)]
pub struct Reader {
    stopped: Arc<AtomicBool>,
    reading: JoinHandle<Seen>,
}

impl Reader {
    /// Begins to look at a schema of the database at this address.
    pub fn start(url: String, schema: &str) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let sql = SNAPSHOT.replace("{s}", schema);
        Self { reading: tokio::spawn(read(url, sql, Arc::clone(&stopped))), stopped }
    }

    /// Ends it, and answers what it saw.
    pub async fn stop(self) -> Seen {
        self.stopped.store(true, Ordering::SeqCst);
        self.reading.await.unwrap()
    }
}

async fn read(url: String, sql: String, stopped: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    while !stopped.load(Ordering::SeqCst) {
        // Postgres may be dead just now.
        if let Ok(mut connection) = PgConnection::connect(&url).await {
            while !stopped.load(Ordering::SeqCst) && look(&mut connection, &sql, &mut seen).await.is_ok() {
                sleep(INTERVAL).await;
            }
        }
        sleep(INTERVAL).await;
    }
    seen
}

async fn look(connection: &mut PgConnection, sql: &str, seen: &mut Seen) -> Result<(), sqlx::Error> {
    let row = match sqlx::query(AssertSqlSafe(sql)).fetch_one(connection).await {
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| !code.starts_with("57P")) => {
            panic!("the snapshot's statement is wrong: {error}")
        }
        row => row?,
    };
    seen.snapshots += 1;
    for (column, meaning) in COLUMNS {
        if let Some(what) = row.get::<Option<String>, _>(column) {
            seen.violations.push(format!("snapshot {}: {meaning}: {what}", seen.snapshots));
        }
    }
    seen.states.insert(row.get("entries"));
    seen.pending_max = seen.pending_max.max(row.get("pending"));
    Ok(())
}
