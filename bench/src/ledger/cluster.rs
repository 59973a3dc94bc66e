//! The one throwaway Postgres that every ledger of a run is measured on.

use anyhow::Context as _;
use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use stack::Postgres;
use url::Url;

use super::{fsync, probe::PostgresProbe};
use crate::machine;

/// Changed settings; `fsync`, `full_page_writes`, `synchronous_commit` and data checksums are on as always.
///
/// Room for the working set and for WAL, and no checkpoint but those that the harness asks for: a run of seconds would
/// meet one by chance.
const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "512MB"),
    ("max_wal_size", "8GB"),
    ("min_wal_size", "2GB"),
    ("checkpoint_timeout", "30min"),
    ("max_connections", "200"),
];
/// WAL written before the first run, so that the first ledger finds recycled files as all others do.
const WAL_MEGABYTES: i32 = 1_024;
/// What has to be on for a result to mean anything.
const DURABLE: [&str; 4] = ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"];

pub(crate) struct Cluster {
    postgres: Postgres,
    pool: PgPool,
    data_directory: String,
}

impl Cluster {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let postgres = Postgres::throwaway_with(&SETTINGS).await?;
        let pool = PgPoolOptions::new().max_connections(4).connect(&postgres.admin_url()).await?;
        let data_directory = setting(&pool, "data_directory").await?;
        let cluster = Self { postgres, pool, data_directory };
        cluster.refuse_what_is_not_durable().await?;
        cluster.compress_wal().await?;
        sqlx::query("SELECT pg_logical_emit_message(false, 'bench', repeat('x', 1048576)) FROM generate_series(1, $1)")
            .bind(WAL_MEGABYTES)
            .execute(&cluster.pool)
            .await?;
        sqlx::query("CHECKPOINT").execute(&cluster.pool).await?;
        Ok(cluster)
    }

    /// The server itself, for a ledger that brings its own databases and roles.
    pub(crate) fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The superuser's connections to database `postgres`.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The address of a database for the superuser.
    pub(crate) fn url(&self, database: &str) -> anyhow::Result<Url> {
        let mut url: Url = self.postgres.admin_url().parse()?;
        url.set_path(database);
        Ok(url)
    }

    /// Looks at tables of some schemas of a database; `count` selects how many transfers they hold.
    pub(crate) async fn probe(&self, database: &str, schemas: &[&str], count: &str) -> anyhow::Result<PostgresProbe> {
        let options: PgConnectOptions = self.url(database)?.as_str().parse()?;
        PostgresProbe::connect(options, schemas, count).await
    }

    /// What the figures were measured on, for the head of the report.
    pub(crate) async fn describe(&self) -> anyhow::Result<Vec<(String, String)>> {
        let version: String = sqlx::query_scalar("SELECT version()").fetch_one(&self.pool).await?;
        let changed: Vec<String> = sqlx::query_scalar(
            "SELECT name || ' = ' || current_setting(name) FROM pg_settings \
             WHERE source IN ('command line', 'configuration file') AND setting IS DISTINCT FROM boot_val \
               AND category !~ '^(Client Connection|Reporting|File Locations|Connections and Auth.*SSL)' \
               AND name NOT IN ('port', 'unix_socket_directories', 'listen_addresses') ORDER BY name",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut durable = Vec::new();
        for name in DURABLE {
            durable.push(format!("{name} {}", setting(&self.pool, name).await?));
        }
        let flush = fsync::measure(self.data_directory.as_ref())?;
        let mut lines = machine::lines(self.data_directory.as_ref());
        lines.push(("database".to_owned(), version));
        lines.push(("durability".to_owned(), durable.join(", ")));
        lines.push(("changed settings".to_owned(), changed.join(", ")));
        lines.push(("8 kB write and fdatasync".to_owned(), flush));
        Ok(lines)
    }

    async fn refuse_what_is_not_durable(&self) -> anyhow::Result<()> {
        for name in DURABLE {
            let value = setting(&self.pool, name).await?;
            anyhow::ensure!(value == "on", "{name} is {value}: such figures mean nothing");
        }
        let filesystem = machine::filesystem(self.data_directory.as_ref()).unwrap_or_default();
        let in_memory = ["tmpfs", "ramfs"].iter().any(|kind| filesystem.starts_with(kind));
        anyhow::ensure!(!in_memory, "{} is in memory: set TMPDIR to a folder on a disk", self.data_directory);
        Ok(())
    }

    /// Full-page images compress well; the server may have been built without the library.
    async fn compress_wal(&self) -> anyhow::Result<()> {
        let possible: Option<Vec<String>> =
            sqlx::query_scalar("SELECT enumvals FROM pg_settings WHERE name = 'wal_compression'")
                .fetch_one(&self.pool)
                .await?;
        if possible.is_some_and(|values| values.iter().any(|value| value == "lz4")) {
            sqlx::query("ALTER SYSTEM SET wal_compression = 'lz4'").execute(&self.pool).await?;
            sqlx::query("SELECT pg_reload_conf()").execute(&self.pool).await?;
        }
        Ok(())
    }
}

/// Runs several statements that need no parameters.
pub(crate) async fn run_script(pool: &PgPool, script: &str) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await.map(drop).context("run a script")
}

async fn setting(pool: &PgPool, name: &str) -> anyhow::Result<String> {
    Ok(sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(pool).await?)
}
