//! SQL that the ORM cannot say.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

/// A statement with bound values.
pub(super) fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Runs a statement and says how many rows it touched.
pub(super) async fn execute<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbErr> {
    db.execute_raw(statement(sql, values)).await.map(|done| done.rows_affected())
}
