//! A look at everything that works for a request: Postgres, the API, Redis and the load generator itself.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use load::{COST_SQL, Cost, Probe, ServerProcesses, cpu_time_of};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};

use super::{requests::Counted, server::Served};

/// Processor time of the processes beside Postgres, and how many requests had been answered by then.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    answered: u64,
    api: Duration,
    redis: Duration,
    load: Duration,
}

/// Microseconds of processor time for each request of the measured time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// Of `tessera api`.
    pub(crate) api: u128,
    /// Of Redis.
    pub(crate) redis: u128,
    /// Of the load generator.
    pub(crate) load: u128,
}

pub(crate) struct HttpProbe<S> {
    pool: PgPool,
    schemas: [String; 1],
    postgres: ServerProcesses,
    pids: (u32, u32),
    subject: Arc<S>,
    readings: Mutex<Vec<Reading>>,
}

impl<S: Counted> HttpProbe<S> {
    pub(crate) async fn connect(served: &Served, subject: Arc<S>) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new().max_connections(1).connect(served.admin_url()?.as_str()).await?;
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&pool).await?;
        let postgres = ServerProcesses::of_backend(u32::try_from(backend)?).context("find the server's processes")?;
        let (schemas, pids) = ([served.schema().to_owned()], served.pids()?);
        Ok(Self { pool, schemas, postgres, pids, subject, readings: Mutex::default() })
    }

    /// Between the last two looks, which are those at both ends of the measured time.
    pub(crate) fn spent(&self) -> Spent {
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let [.., before, after] = readings.as_slice() else { return Spent::default() };
        let requests = u128::from(after.answered.saturating_sub(before.answered));
        let each = |after: Duration, before: Duration| {
            after.saturating_sub(before).as_micros().checked_div(requests).unwrap_or_default()
        };
        Spent {
            api: each(after.api, before.api),
            redis: each(after.redis, before.redis),
            load: each(after.load, before.load),
        }
    }

    fn read(&self) -> anyhow::Result<()> {
        let (api, redis) = self.pids;
        let reading = Reading {
            answered: self.subject.answered(),
            api: cpu_time_of(api)?,
            redis: cpu_time_of(redis)?,
            load: cpu_time_of(std::process::id())?,
        };
        self.readings.lock().unwrap_or_else(PoisonError::into_inner).push(reading);
        Ok(())
    }
}

impl<S: Counted> Probe for HttpProbe<S> {
    async fn cost(&self) -> anyhow::Result<Cost> {
        self.read()?;
        let row = sqlx::query_as(COST_SQL).bind(&self.schemas).fetch_one(&self.pool).await?;
        Cost::try_new(row, self.postgres.cpu_time()?)
    }

    /// Transfers there are. What only reads leaves no rows: its answers were compared one by one.
    async fn rows(&self) -> anyhow::Result<u64> {
        if !self.subject.writes() {
            return Ok(self.subject.answered());
        }
        let [schema] = &self.schemas;
        let count = format!("SELECT count(*) FROM {schema}.wallet_transfer");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&self.pool).await?;
        Ok(u64::try_from(rows)?)
    }

    async fn checkpoint(&self) -> anyhow::Result<()> {
        sqlx::query("CHECKPOINT").execute(&self.pool).await?;
        Ok(())
    }
}
