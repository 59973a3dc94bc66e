//! What a database has spent so far.

use std::time::Duration;

/// Reads what Postgres has done: WAL bytes so far, commits in this database, and for the tables of the schemas `$1`
/// (`text[]`) their bytes with indexes, the rows updated, and those of them that needed no new index entry.
///
/// A busy backend reports once a second: commits and updates are as much behind, at both ends of a run.
pub const COST_SQL: &str = "\
    SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint, \
           (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()), \
           coalesce(sum(pg_total_relation_size(relid)), 0)::bigint, \
           coalesce(sum(n_tup_upd), 0)::bigint, \
           coalesce(sum(n_tup_hot_upd), 0)::bigint \
    FROM pg_stat_user_tables WHERE schemaname = ANY($1)";

/// Sums since the server started; two of them are compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Bytes of write-ahead log.
    pub wal_bytes: u64,
    /// Bytes of the tables and indexes of the ledger under test.
    pub database_bytes: u64,
    /// Transactions committed in the database.
    pub commits: u64,
    /// Rows updated.
    pub updates: u64,
    /// Rows updated without a new index entry.
    pub hot_updates: u64,
    /// Processor time of all server processes.
    pub server_cpu: Duration,
}

impl Cost {
    /// What a row of [`COST_SQL`] says, beside the processor time.
    pub fn try_new(row: (i64, i64, i64, i64, i64), server_cpu: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            wal_bytes: u64::try_from(row.0)?,
            commits: u64::try_from(row.1)?,
            database_bytes: u64::try_from(row.2)?,
            updates: u64::try_from(row.3)?,
            hot_updates: u64::try_from(row.4)?,
            server_cpu,
        })
    }

    /// What was spent since an earlier reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            wal_bytes: self.wal_bytes.saturating_sub(earlier.wal_bytes),
            database_bytes: self.database_bytes.saturating_sub(earlier.database_bytes),
            commits: self.commits.saturating_sub(earlier.commits),
            updates: self.updates.saturating_sub(earlier.updates),
            hot_updates: self.hot_updates.saturating_sub(earlier.hot_updates),
            server_cpu: self.server_cpu.saturating_sub(earlier.server_cpu),
        }
    }
}

/// A look at the database of a ledger under test.
pub trait Probe: Send + Sync {
    /// What it has spent so far.
    fn cost(&self) -> impl Future<Output = anyhow::Result<Cost>> + Send;

    /// How many transfers it holds: they must be as many more as were acknowledged.
    fn rows(&self) -> impl Future<Output = anyhow::Result<u64>> + Send;

    /// Forces a checkpoint, so that every run starts with the same backlog: none.
    fn checkpoint(&self) -> impl Future<Output = anyhow::Result<()>> + Send;
}
