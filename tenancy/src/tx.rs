//! The only way to a tenant's rows: a transaction that has taken on the environment's role and path.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::{future::BoxFuture, lock::Mutex};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, sea_query::Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};
use thiserror::Error;

use crate::{Database, Environment, SchemaName};

/// Longest statement, in milliseconds.
pub(crate) const STATEMENT_TIMEOUT_MS: u32 = 15_000;
/// Longest wait for a lock, in milliseconds.
pub(crate) const LOCK_TIMEOUT_MS: u32 = 5_000;
/// Longest silence between two statements, in milliseconds.
pub(crate) const IDLE_TIMEOUT_MS: u32 = 30_000;

/// How a transaction begins that only looks.
const LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A transaction inside one environment.
///
/// It implements the ORM's [`ConnectionTrait`] for stores and lends its connection for set-based SQL.
/// After any failed statement it can no longer commit: Postgres would answer `COMMIT` of an aborted
/// transaction with a silent rollback.
pub struct TenantTx {
    environment: Arc<Environment>,
    transaction: Mutex<Transaction<'static, Postgres>>,
    failed: AtomicBool,
}

/// A value whose transaction has been durably committed.
#[derive(Debug)]
pub struct Committed<T>(T);

impl<T> Committed<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// Why a commit was not confirmed.
#[derive(Debug, Error)]
pub enum CommitError {
    /// Nothing of the transaction remains.
    #[error("the transaction was rolled back")]
    RolledBack(#[source] Option<sqlx::Error>),
    /// The reply to `COMMIT` never came: it may have happened. Resolve it by reading, never report it as failed.
    #[error("it is unknown whether the transaction was committed")]
    Unknown(#[source] sqlx::Error),
}

impl fmt::Debug for TenantTx {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TenantTx").field("environment", &self.environment.id).finish_non_exhaustive()
    }
}

impl TenantTx {
    /// Begins in one round trip: healing, role, path and time limits come with the `BEGIN`.
    pub async fn begin(database: &Database, environment: Arc<Environment>) -> Result<Self, sqlx::Error> {
        let begin = begin_text(&environment.schema);
        Self::begin_with(database, environment, begin).await
    }

    /// Begins to look only: all its statements see one moment, and none can change anything.
    pub async fn begin_look(database: &Database, environment: Arc<Environment>) -> Result<Self, sqlx::Error> {
        let begin = format!("{}; {}", LOOK, limits_text(&environment.schema));
        Self::begin_with(database, environment, begin).await
    }

    async fn begin_with(
        database: &Database,
        environment: Arc<Environment>,
        begin: String,
    ) -> Result<Self, sqlx::Error> {
        let transaction = database.begin(&begin).await?;
        let tx = Self { environment, transaction: Mutex::new(transaction), failed: AtomicBool::new(false) };
        if cfg!(debug_assertions) {
            tx.assert_inside().await?;
        }
        Ok(tx)
    }

    /// Where this transaction works.
    pub const fn environment(&self) -> &Arc<Environment> {
        &self.environment
    }

    /// Lends the connection for SQL that the ORM cannot say. An error makes the transaction uncommittable.
    pub async fn with_connection<T, F>(&self, work: F) -> Result<T, sqlx::Error>
    where
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send,
    {
        let mut transaction = self.transaction.lock().await;
        self.watch(work(&mut transaction).await)
    }

    /// Commits, and turns the value into proof of it.
    pub async fn commit<T>(self, value: T) -> Result<Committed<T>, CommitError> {
        if self.failed.load(Ordering::SeqCst) {
            return Err(CommitError::RolledBack(None));
        }
        match self.transaction.into_inner().commit().await {
            Ok(()) => Ok(Committed(value)),
            Err(error) if is_definitive(&error) => Err(CommitError::RolledBack(Some(error))),
            Err(error) => Err(CommitError::Unknown(error)),
        }
    }

    fn watch<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        // A row that is not there is an answer, not a failed statement.
        if result.as_ref().is_err_and(|error| !matches!(error, sqlx::Error::RowNotFound)) {
            self.failed.store(true, Ordering::SeqCst);
        }
        result
    }

    async fn assert_inside(&self) -> Result<(), sqlx::Error> {
        let (user, path): (String, String) = self
            .with_connection(|connection| {
                Box::pin(async move {
                    sqlx::query_as("SELECT current_user::text, current_setting('search_path')")
                        .fetch_one(connection)
                        .await
                })
            })
            .await?;
        let schema = &self.environment.schema;
        if user == schema.as_str() && path == format!("{schema}, pg_temp") {
            Ok(())
        } else {
            Err(sqlx::Error::Protocol(format!("expected to be inside {schema}, found role {user} and path {path}")))
        }
    }
}

/// Begins, and takes on role, path and time limits for this transaction alone.
fn begin_text(schema: &SchemaName) -> String {
    format!("BEGIN; {}", limits_text(schema))
}

fn limits_text(schema: &SchemaName) -> String {
    let schema = schema.quoted();
    format!(
        "SET LOCAL ROLE {schema}; SET LOCAL search_path TO {schema}, pg_temp; \
         SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}; SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; \
         SET LOCAL idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS}"
    )
}

/// Whether the server itself said that the commit failed. A connection that ends, whoever ended it, may do so
/// after the commit record was flushed (SQLSTATE classes 57P and 08).
fn is_definitive(error: &sqlx::Error) -> bool {
    let Some(code) = error.as_database_error().and_then(sqlx::error::DatabaseError::code) else { return false };
    !code.starts_with("57P") && !code.starts_with("08")
}

fn prepare(statement: &Statement) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or_else(|| Values(Vec::new()));
    // The text is built by the ORM or is a constant of ours; values are always bound.
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

#[async_trait::async_trait]
impl ConnectionTrait for TenantTx {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut transaction = self.transaction.lock().await;
        let result = prepare(&statement).execute(&mut **transaction).await;
        self.watch(result).map(ExecResult::from).map_err(exec_error)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut transaction = self.transaction.lock().await;
        let result = sqlx::Executor::execute(&mut **transaction, AssertSqlSafe(sql)).await;
        self.watch(result).map(ExecResult::from).map_err(exec_error)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut transaction = self.transaction.lock().await;
        let result = prepare(&statement).fetch_optional(&mut **transaction).await;
        self.watch(result).map(|row| row.map(QueryResult::from)).map_err(query_error)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut transaction = self.transaction.lock().await;
        let result = prepare(&statement).fetch_all(&mut **transaction).await;
        self.watch(result).map(|rows| rows.into_iter().map(QueryResult::from).collect()).map_err(query_error)
    }
}
