//! The one place that builds connection pools.
//!
//! Every pool carries the hook that heals connections handed back in the middle of a transaction or
//! under another role (a request cancelled while `BEGIN` was in flight leaves one behind).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};
use thiserror::Error;

/// What every borrowed connection runs first. `BEGIN; ROLLBACK` is silent on a clean connection and ends a
/// transaction nobody knows of on a dirty one; `RESET ALL` alone would leave the role.
const HEAL: &str = "BEGIN; ROLLBACK; RESET ROLE; RESET ALL";
/// A connection is replaced after this long, because each backend remembers every schema it ever touched.
const CONNECTION_LIFETIME_MAX: Duration = Duration::from_mins(30);

tokio::task_local! {
    /// There while a connection is borrowed by one whose first words heal it: the hook would say them twice.
    static HEALS_BY_ITSELF: ();
}

/// How to reach Postgres.
#[derive(Debug)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`.
    pub url: SecretString,
    /// Most connections held at once.
    pub connections_max: u32,
    /// How long a request waits for a connection before it is told to come back.
    pub acquire_timeout: Duration,
    /// Shown in `pg_stat_activity`.
    pub application_name: &'static str,
}

/// Why the database cannot be used.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The URL does not parse.
    #[error("the database URL is not valid: expected postgres://user:password@host:port/database")]
    Url(#[source] sqlx::Error),
    /// No connection.
    #[error("cannot connect to Postgres")]
    Connect(#[source] sqlx::Error),
}

/// A pool with the healing hook.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
    healed: Arc<AtomicU64>,
}

impl Database {
    /// Connects and runs a first query.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        let database = Self::connect_lazily(config)?;
        database.pool.acquire().await.map_err(DatabaseError::Connect)?;
        Ok(database)
    }

    /// A pool that connects when first used, for processes that must start while Postgres is away.
    pub fn connect_lazily(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        let options: PgConnectOptions = config.url.expose_secret().parse().map_err(DatabaseError::Url)?;
        let options = options
            .application_name(config.application_name)
            .disable_statement_logging()
            // Names are resolved by the transaction's own path; nothing is to be found outside one.
            .options([("search_path", "pg_catalog")]);
        let healed = Arc::new(AtomicU64::new(0));
        let pool = with_hook(PgPoolOptions::new(), Arc::clone(&healed))
            .max_connections(config.connections_max)
            .acquire_timeout(config.acquire_timeout)
            .max_lifetime(CONNECTION_LIFETIME_MAX)
            .connect_lazy_with(options);
        Ok(Self { pool, healed })
    }

    /// The pool itself, for the named doors: routing tables, migrations, the posting engine.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins in one round trip: the healing travels in front of `statement`, which begins.
    pub(crate) async fn begin(&self, statement: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let healing = AssertSqlSafe(format!("{HEAL}; {statement}"));
        match HEALS_BY_ITSELF.scope((), self.pool.begin_with(healing)).await {
            Err(sqlx::Error::PoolTimedOut) => Err(sqlx::Error::PoolTimedOut),
            // A connection that is dead or past healing: the hook finds it, and the pool makes another.
            Err(_) => self.pool.begin_with(AssertSqlSafe(statement.to_owned())).await,
            begun => begun,
        }
    }

    /// The pool as the ORM sees it.
    pub fn orm(&self) -> sea_orm::DatabaseConnection {
        sea_orm::DatabaseConnection::from(self.pool.clone())
    }

    /// How many connections the hook had to give up because healing failed. An alarm when it grows.
    pub fn connections_discarded(&self) -> u64 {
        self.healed.load(Ordering::Relaxed)
    }
}

fn with_hook(options: PgPoolOptions, discarded: Arc<AtomicU64>) -> PgPoolOptions {
    // The hook is a ping too, so the pool's own would be a second round trip.
    options.test_before_acquire(false).before_acquire(move |connection, _metadata| {
        let discarded = Arc::clone(&discarded);
        Box::pin(async move {
            if HEALS_BY_ITSELF.try_with(|()| ()).is_ok() {
                return Ok(true);
            }
            let healed = sqlx::raw_sql(HEAL).execute(&mut *connection).await;
            if healed.is_err() {
                discarded.fetch_add(1, Ordering::Relaxed);
            }
            healed.map(|_| true)
        })
    })
}
