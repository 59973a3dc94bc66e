//! A look at cala's database.

use load::{COST_SQL, Cost, Probe, ServerProcesses};
use sqlx::{PgPool, postgres::PgPoolOptions};
use url::Url;

pub(crate) struct CalaProbe {
    pool: PgPool,
    server: ServerProcesses,
}

impl CalaProbe {
    pub(crate) async fn connect(url: &Url) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new().max_connections(1).connect(url.as_str()).await?;
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&pool).await?;
        Ok(Self { pool, server: ServerProcesses::of_backend(u32::try_from(backend)?)? })
    }
}

impl Probe for CalaProbe {
    async fn cost(&self) -> anyhow::Result<Cost> {
        let row = sqlx::query_as(COST_SQL).bind(vec!["public".to_owned()]).fetch_one(&self.pool).await?;
        Cost::try_new(row, self.server.cpu_time()?)
    }

    async fn rows(&self) -> anyhow::Result<u64> {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM cala_transactions").fetch_one(&self.pool).await?;
        Ok(u64::try_from(rows)?)
    }

    async fn checkpoint(&self) -> anyhow::Result<()> {
        sqlx::query("CHECKPOINT").execute(&self.pool).await?;
        Ok(())
    }
}
