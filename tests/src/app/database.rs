//! The database as its superuser sees it: what tests look at, and what they tamper with.

use std::{collections::BTreeMap, time::Duration};

use sqlx::{
    AssertSqlSafe, Column as _, PgPool, Row as _,
    postgres::{PgPoolOptions, PgRow},
};
use stack::Postgres;

/// The database of the platform, as the superuser.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
}

/// What a schema holds: per table a digest of all its rows, and their number.
pub type Contents = BTreeMap<String, (i64, String)>;

impl Database {
    /// Connects when first asked.
    pub fn of(postgres: &Postgres) -> Self {
        let admin_url = postgres.admin_url();
        let url = format!("{}/tessera", admin_url.strip_suffix("/postgres").unwrap());
        let options = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(30));
        Self { pool: options.connect_lazy(&url).unwrap() }
    }

    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Runs statements.
    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The rows of a query.
    pub async fn rows(&self, sql: &str) -> Vec<PgRow> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&self.pool).await;
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// One number.
    pub async fn number(&self, sql: &str) -> i64 {
        let row = sqlx::query(AssertSqlSafe(format!("SELECT ({sql})::bigint"))).fetch_one(&self.pool).await;
        row.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
    }

    /// One column of text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await;
        rows.unwrap_or_else(|error| panic!("{sql}: {error}")).iter().map(|row| row.get(0)).collect()
    }

    /// How many rows a table of a schema has.
    pub async fn count(&self, schema: &str, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {schema}.{table}")).await
    }

    /// Every row of a schema, digested per table.
    pub async fn contents(&self, schema: &str) -> Contents {
        let tables = format!("SELECT tablename::text FROM pg_tables WHERE schemaname = '{schema}' ORDER BY 1");
        let mut contents = Contents::new();
        for table in self.texts(&tables).await {
            let digest = format!(
                "SELECT count(*)::bigint, coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {schema}.{table} t"
            );
            let row = sqlx::query(AssertSqlSafe(digest)).fetch_one(&self.pool).await.unwrap();
            contents.insert(table, (row.get(0), row.get(1)));
        }
        assert!(!contents.is_empty(), "there is no schema {schema}");
        contents
    }

    /// A row as text per column, for messages.
    pub fn shown(row: &PgRow) -> String {
        let columns = row.columns().iter().enumerate();
        let values = columns.map(|(index, column)| {
            let value: Result<Option<&str>, _> = row.try_get_unchecked(index);
            format!("{}={:?}", column.name(), value.ok().flatten())
        });
        values.collect::<Vec<_>>().join(" ")
    }
}
