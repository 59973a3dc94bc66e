//! A look at a database under test.

use anyhow::Context as _;
use load::{COST_SQL, Cost, Probe, ServerProcesses};
use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub(crate) struct PostgresProbe {
    pool: PgPool,
    schemas: Vec<String>,
    count: String,
    server: ServerProcesses,
}

impl PostgresProbe {
    /// `count` selects one bigint: how many transfers there are.
    pub(crate) async fn connect(options: PgConnectOptions, schemas: &[&str], count: &str) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&pool).await?;
        let server = ServerProcesses::of_backend(u32::try_from(backend)?).context("find the server's processes")?;
        let schemas = schemas.iter().map(|schema| (*schema).to_owned()).collect();
        Ok(Self { pool, schemas, count: count.to_owned(), server })
    }
}

impl Probe for PostgresProbe {
    async fn cost(&self) -> anyhow::Result<Cost> {
        let row = sqlx::query_as(COST_SQL).bind(&self.schemas).fetch_one(&self.pool).await?;
        Cost::try_new(row, self.server.cpu_time()?)
    }

    async fn rows(&self) -> anyhow::Result<u64> {
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(self.count.as_str())).fetch_one(&self.pool).await?;
        Ok(u64::try_from(rows)?)
    }

    async fn checkpoint(&self) -> anyhow::Result<()> {
        sqlx::query("CHECKPOINT").execute(&self.pool).await?;
        Ok(())
    }
}
