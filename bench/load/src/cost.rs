//! What a database has spent so far.

use std::time::Duration;

/// Reads what Postgres has written: WAL bytes so far, bytes of the tables of the schemas `$1` (`text[]`) with their
/// indexes, and the process that answers.
pub const COST_SQL: &str = "\
    SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint, \
           (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint \
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
            WHERE n.nspname = ANY($1) AND c.relkind = 'r'), \
           pg_backend_pid()";

/// Sums since the server started; two of them are compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Bytes of write-ahead log.
    pub wal_bytes: u64,
    /// Bytes of the tables and indexes of the ledger under test.
    pub database_bytes: u64,
    /// Processor time of all server processes.
    pub server_cpu: Duration,
}

impl Cost {
    /// What was spent since an earlier reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            wal_bytes: self.wal_bytes.saturating_sub(earlier.wal_bytes),
            database_bytes: self.database_bytes.saturating_sub(earlier.database_bytes),
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
