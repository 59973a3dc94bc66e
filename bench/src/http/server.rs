//! A payment API as an operator runs it: the release binary in a process of its own, Redis, the log on.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use kernel::Mode;
use serde_json::json;
use sqlx::{PgPool, postgres::PgPoolOptions};
use stack::{Launch, Postgres, Project, Ready, Redis, Service};
use tempfile::TempDir;
use tenancy::provisioning::Reply;
use url::Url;

use crate::platform::{Platform, TENANT, call};

/// Settings as in the part about ledgers: room for the working set and for WAL, and no checkpoint by chance.
const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "512MB"),
    ("max_wal_size", "8GB"),
    ("min_wal_size", "2GB"),
    ("checkpoint_timeout", "30min"),
    ("max_connections", "200"),
];
/// WAL written before the first run, so that it finds recycled files as the later ones do.
const WAL_MEGABYTES: i32 = 1_024;
/// More requests a second than any load here sends: the limiter counts, and refuses nobody.
const UNLIMITED: &str = "1000000";
const SCHEMA: &str = "\
SELECT e.schema_name FROM platform.environment e JOIN platform.tenant t ON t.id = e.tenant_id \
WHERE t.slug = $1 AND e.mode = 'test'";
const READY_WITHIN: Duration = Duration::from_mins(1);

pub(crate) struct Served {
    api: Service,
    address: SocketAddr,
    secret_key: String,
    schema: String,
    admin: PgPool,
    redis: Redis,
    platform: Platform,
    _logs: TempDir,
}

impl Served {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let platform = Platform::start_on(Postgres::throwaway_with(&SETTINGS).await?).await?;
        let admin = PgPoolOptions::new().max_connections(2).connect(platform.admin_url()?.as_str()).await?;
        sqlx::query("SELECT pg_logical_emit_message(false, 'bench', repeat('x', 1048576)) FROM generate_series(1, $1)")
            .bind(WAL_MEGABYTES)
            .execute(&admin)
            .await?;
        platform.provision(&platform.control, TENANT).await?;
        let secret_key = secret_key(&platform).await?;
        let schema = sqlx::query_scalar(SCHEMA).bind(TENANT).fetch_one(&admin).await?;
        // The tenant is there: from now on nothing but the API may use the cores.
        platform.control.drain().await;
        let redis = Redis::throwaway().await?;
        let logs = tempfile::Builder::new().prefix("tessera-bench-").tempdir()?;
        let (api, address) = start_api(&platform, &redis, &logs).await?;
        Ok(Self { api, address, secret_key, schema, admin, redis, platform, _logs: logs })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// The environment's schema, in the strict form that is safe in SQL text.
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    /// The superuser's connections to the platform's database.
    pub(crate) const fn admin(&self) -> &PgPool {
        &self.admin
    }

    pub(crate) fn admin_url(&self) -> anyhow::Result<Url> {
        self.platform.admin_url()
    }

    /// The processes of the API and of Redis.
    pub(crate) fn pids(&self) -> anyhow::Result<(u32, u32)> {
        let pid = |service: &Service| u32::try_from(service.pid().unwrap_or_default()).ok().filter(|pid| *pid > 0);
        pid(&self.api).zip(pid(&self.redis)).context("a server has ended")
    }
}

async fn secret_key(platform: &Platform) -> anyhow::Result<String> {
    let wish = serde_json::from_value(json!({ "mode": Mode::Test.as_str(), "name": "bench" }))?;
    let Reply::Written(written) = platform.control.rotate_api_keys(&call(), &TENANT.parse()?, &wish).await? else {
        anyhow::bail!("a key was planned, not made");
    };
    let key = written.object.keys.first().and_then(|key| key.secret.as_ref()).context("no key was made")?;
    Ok(key.expose().to_owned())
}

async fn start_api(platform: &Platform, redis: &Redis, logs: &TempDir) -> anyhow::Result<(Service, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], stack::free_port()?));
    let launch = Launch::new("tessera api", Project::locate()?.tessera_binary())
        .argument("api")
        .log_file(logs.path().join("api.log"))
        .environment("TESSERA_API__LISTEN", address.to_string())
        .environment("TESSERA_API__DATABASE_URL", platform.app_url())
        .environment("TESSERA_API__RATE_LIMIT_ENVIRONMENT_PER_SECOND", UNLIMITED)
        .environment("TESSERA_API__RATE_LIMIT_CREDENTIAL_PER_SECOND", UNLIMITED)
        .environment("TESSERA_REDIS__URL", redis.url())
        .environment("TESSERA_KEYRING__LOCAL_DIRECTORY", platform.keys().display().to_string())
        .environment("TESSERA_IDENTITY__ALLOW_HTTP_ISSUERS", "true")
        .ready(Ready::http(format!("http://{address}/readyz")))
        .ready_within(READY_WITHIN);
    Ok((Service::start(launch).await?, address))
}
