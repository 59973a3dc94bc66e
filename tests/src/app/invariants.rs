//! What must hold of every environment when a test is done with it, whatever the test was about.

use std::time::Duration;

use tokio::time::sleep;

use super::database::Database;

/// Each finds rows that must not be there. `{s}` is the schema.
const FORBIDDEN: &[(&str, &str)] = &[
    (
        "the balances of a currency do not add up to zero",
        "SELECT currency, sum(balance_minor) AS total FROM {s}.ledger_account GROUP BY 1 HAVING sum(balance_minor) <> 0",
    ),
    (
        "a balance is not the sum of its account's entries",
        "SELECT a.id, a.balance_minor, coalesce(e.total, 0) AS total FROM {s}.ledger_account a LEFT JOIN \
         (SELECT account_id, sum(amount_minor) AS total, max(sequence) AS last, count(*) AS entries FROM {s}.ledger_entry GROUP BY 1) e \
         ON e.account_id = a.id WHERE a.balance_minor <> coalesce(e.total, 0) OR a.sequence <> coalesce(e.last, 0) \
         OR a.sequence <> coalesce(e.entries, 0)",
    ),
    (
        "an entry's balance does not follow from the one before",
        "SELECT * FROM (SELECT account_id, sequence, amount_minor, balance_after_minor, coalesce(lag(balance_after_minor) \
         OVER (PARTITION BY account_id ORDER BY sequence), 0) AS before FROM {s}.ledger_entry) e \
         WHERE balance_after_minor <> before + amount_minor",
    ),
    (
        "an entry is not chained to the one before, or the chain does not end in the account",
        "SELECT * FROM (SELECT account_id, sequence, id, previous_id, lag(id) OVER account AS before, lead(id) OVER account AS behind FROM \
           (SELECT debit_account_id AS account_id, debit_sequence AS sequence, id, debit_previous_id AS previous_id FROM {s}.ledger_transfer \
            UNION ALL SELECT credit_account_id, credit_sequence, id, credit_previous_id FROM {s}.ledger_transfer) side \
           WINDOW account AS (PARTITION BY account_id ORDER BY sequence)) e \
         WHERE previous_id IS DISTINCT FROM before OR (behind IS NULL AND NOT EXISTS \
           (SELECT FROM {s}.ledger_account a WHERE a.id = e.account_id AND a.last_transfer_id = e.id))",
    ),
    (
        "a mark is missing, or marks another entry",
        "SELECT e.account_id, e.sequence, m.* FROM {s}.ledger_entry e FULL JOIN {s}.ledger_mark m \
         ON m.account_id = e.account_id AND m.sequence = e.sequence WHERE (e.sequence % 32 = 0 OR e.sequence IS NULL) \
         AND (m.transfer_id, m.effective_at) IS DISTINCT FROM (e.transfer_id, e.effective_at)",
    ),
    (
        "an entry belongs to no transfer or no account of this environment",
        "SELECT e.* FROM {s}.ledger_entry e LEFT JOIN {s}.ledger_transfer t ON t.id = e.transfer_id \
         LEFT JOIN {s}.ledger_account a ON a.id = e.account_id WHERE t.id IS NULL OR a.id IS NULL",
    ),
    (
        "a wallet transfer names a wallet or a ledger transfer that is not of this environment",
        "SELECT w.id FROM {s}.wallet_transfer w LEFT JOIN {s}.wallet a ON a.id = w.source_wallet_id \
         LEFT JOIN {s}.wallet b ON b.id = w.destination_wallet_id LEFT JOIN {s}.ledger_transfer t ON t.id = w.ledger_transfer_id \
         WHERE a.id IS NULL OR b.id IS NULL OR t.id IS NULL OR t.amount_minor <> w.amount_minor",
    ),
    (
        "a conversion is not what its legs in the ledger are",
        "SELECT f.id FROM {s}.fx_conversion f LEFT JOIN {s}.ledger_transfer a ON a.id = f.source_transfer_id \
         LEFT JOIN {s}.ledger_transfer b ON b.id = f.destination_transfer_id LEFT JOIN {s}.ledger_transfer c ON c.id = f.spread_transfer_id \
         WHERE (a.amount_minor, a.currency, b.amount_minor, b.currency, coalesce(c.amount_minor, 0)) IS DISTINCT FROM \
         (f.source_amount_minor, f.source_currency, f.destination_amount_minor, f.destination_currency, f.spread_minor)",
    ),
    (
        "an account is below its floor, holds counted",
        "SELECT id, balance_minor, held_minor, floor_minor FROM {s}.ledger_account WHERE balance_minor - held_minor < floor_minor",
    ),
    (
        "an account does not keep back what its pending holds say",
        "SELECT a.id, a.held_minor, h.minor FROM {s}.ledger_account a LEFT JOIN (SELECT debit_account_id, sum(remaining_minor) AS minor \
         FROM {s}.ledger_hold WHERE state = 'pending' GROUP BY 1) h ON h.debit_account_id = a.id WHERE a.held_minor <> coalesce(h.minor, 0)",
    ),
    (
        "a hold captured more or less than its transfers say",
        "SELECT h.id FROM {s}.ledger_hold h LEFT JOIN {s}.ledger_transfer t ON t.hold_id = h.id GROUP BY h.id \
         HAVING h.captured_minor <> coalesce(sum(t.amount_minor), 0)",
    ),
    (
        "a transfer has no event, or two",
        "SELECT w.id FROM {s}.wallet_transfer w LEFT JOIN (SELECT unnest(object_ids) AS object_id FROM {s}.event) e \
         ON e.object_id = w.id GROUP BY w.id HAVING count(e.object_id) <> 1",
    ),
    (
        "a sealed field is not sealed under a data key of this environment",
        "SELECT f.* FROM (SELECT id, unnest(ARRAY[name, email, phone, address, tax_id]) AS sealed FROM {s}.customer \
         UNION ALL SELECT id, description FROM {s}.wallet_transfer) f WHERE sealed IS NOT NULL AND NOT EXISTS \
         (SELECT FROM {s}.data_key k WHERE k.purpose = 'fields' AND encode(substring(f.sealed FROM 2 FOR 16), 'hex') = replace(k.id::text, '-', ''))",
    ),
    (
        "a write has no audit record",
        "SELECT i.key, i.status FROM {s}.idempotency_record i WHERE i.status IS NULL OR (i.body IS NULL AND i.sealed_body IS NULL)",
    ),
];

/// The transactions of the product's own roles that have been idle for a while.
const IDLE_IN_TRANSACTION: &str = "SELECT usename, application_name, state, xact_start, query FROM pg_stat_activity \
    WHERE usename LIKE 'tessera%' AND state LIKE 'idle in transaction%' AND state_change < now() - interval '2 seconds'";

/// An environment to look at in the end.
#[derive(Clone, Debug)]
pub struct Watched {
    pub name: String,
    pub schema: String,
    pub database: Database,
}

/// Everything that does not hold.
pub async fn violations(watched: &[Watched]) -> Vec<String> {
    let mut found = Vec::new();
    for environment in watched {
        for (meaning, query) in FORBIDDEN {
            let rows = environment.database.rows(&query.replace("{s}", &environment.schema)).await;
            found.extend(
                rows.iter().take(3).map(|row| format!("{}: {meaning}: {}", environment.name, Database::shown(row))),
            );
        }
    }
    found.extend(foreign_ids(watched).await);
    if let Some(environment) = watched.first() {
        found.extend(idle_transactions(&environment.database).await);
    }
    found
}

/// Ids that stand in the schemas of two environments.
async fn foreign_ids(watched: &[Watched]) -> Vec<String> {
    let Some(first) = watched.first() else { return Vec::new() };
    let of = |environment: &Watched| {
        let schema = &environment.schema;
        let tables = [
            "customer",
            "wallet",
            "wallet_transfer",
            "ledger_account",
            "ledger_transfer",
            "member",
            "api_key",
            "audit_record",
            "fx_rate",
            "fx_quote",
            "fx_conversion",
        ];
        // Inside an environment a wallet and its account, a transfer and the ledger's share one id.
        tables.map(|table| format!("SELECT '{schema}' AS schema, id FROM {schema}.{table}")).join(" UNION ")
    };
    let all = watched.iter().map(of).map(|ids| format!("({ids})")).collect::<Vec<_>>().join(" UNION ALL ");
    let twice = format!(
        "SELECT id, array_agg(schema)::text AS schemas FROM ({all}) ids GROUP BY id HAVING count(DISTINCT schema) > 1"
    );
    let rows = first.database.rows(&twice).await;
    rows.iter().map(|row| format!("an id stands in two environments: {}", Database::shown(row))).collect()
}

async fn idle_transactions(database: &Database) -> Vec<String> {
    // A transaction may be between two statements just now: only one that stays is a leak.
    let mut rows = database.rows(IDLE_IN_TRANSACTION).await;
    if !rows.is_empty() {
        sleep(Duration::from_secs(1)).await;
        rows = database.rows(IDLE_IN_TRANSACTION).await;
    }
    rows.iter().map(|row| format!("a connection is idle in a transaction: {}", Database::shown(row))).collect()
}
