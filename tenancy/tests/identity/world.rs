//! A platform with tenants in a real Postgres, reached as the API reaches it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use kernel::{ApiKeyId, Clock, EnvironmentId, FixedClock, IssuerId, MemberId, Mode, SystemEntropy, TenantId};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use stack::Postgres;
use tenancy::{
    Actor, Database, DatabaseConfig, SchemaName, TenantScope, UnitsOfWork,
    directory::{Directory, DirectoryConfig},
    identity::{ApiKeySecret, CredentialRefusal, IdentityConfig, KeySets, Locator, Resolver},
};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::{mint::Key, provider::Provider};

const APP_PASSWORD: &str = "app-of-a-throwaway-cluster";
/// When every test begins.
pub(crate) const START: i64 = 1_790_000_000;

/// One cluster for all tests that run at the same time; it ends with the last of them.
static CLUSTER: Mutex<Weak<Postgres>> = Mutex::const_new(Weak::new());

pub(crate) struct World {
    pub(crate) postgres: Arc<Postgres>,
    pub(crate) admin: PgPool,
    pub(crate) app_url: String,
    pub(crate) database: Database,
    pub(crate) units: UnitsOfWork,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) provider: Provider,
    pub(crate) directory: Directory,
    pub(crate) resolver: Resolver,
    pub(crate) key_sets: KeySets,
}

/// A tenant's row and its two environments.
pub(crate) struct Tenant {
    pub(crate) slug: String,
    pub(crate) live: Side,
    pub(crate) test: Side,
}

pub(crate) struct Side {
    pub(crate) id: EnvironmentId,
    pub(crate) mode: Mode,
    pub(crate) schema: SchemaName,
    pub(crate) locator: Locator,
}

/// The settings of a test: the defaults, and issuers of this machine over plain HTTP.
pub(crate) fn config() -> IdentityConfig {
    IdentityConfig { allow_http_issuers: true, ..IdentityConfig::default() }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(config(), cluster().await).await
    }

    /// A world in a cluster that no other test uses, for tests that stop it.
    pub(crate) async fn start_alone() -> Self {
        Self::start_with(config(), Arc::new(Postgres::throwaway().await.unwrap())).await
    }

    pub(crate) async fn start_with(config: IdentityConfig, postgres: Arc<Postgres>) -> Self {
        let name = format!("world_{}", Locator::generate(&SystemEntropy).as_str());
        let (admin, app_url) = prepare(&postgres, &name).await;
        let database_config = DatabaseConfig {
            url: app_url.clone().into(),
            connections_max: 4,
            acquire_timeout: Duration::from_secs(5),
            application_name: "identity-test",
        };
        let database = Database::connect(&database_config).await.unwrap();
        let units = UnitsOfWork::new(database.clone());
        let clock = Arc::new(FixedClock::new(START));
        let time: Arc<dyn Clock> = clock.clone();
        let directory = Directory::new(units.clone(), DirectoryConfig::from(&config), Arc::clone(&time));
        let key_sets = KeySets::new(&config, Arc::clone(&time)).unwrap();
        let resolver = Resolver::new(units.clone(), directory.clone(), key_sets.clone(), &config, time);
        let provider = Provider::start().await;
        Self { postgres, admin, app_url, database, units, clock, provider, directory, resolver, key_sets }
    }

    pub(crate) async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.admin).await.unwrap();
    }

    /// Moves time, far enough for everything that is remembered for a second to be read again.
    pub(crate) fn a_second_later(&self) {
        self.clock.advance(1);
    }

    pub(crate) async fn register(&self, url: &str, algorithms: &str) -> IssuerId {
        let id = IssuerId::generate(&*self.clock, &SystemEntropy);
        sqlx::query(
            "INSERT INTO platform.issuer (id, url, shared, audience_live, audience_test, tenant_claim, algorithms, \
             created_at) VALUES ($1, $2, true, 'urn:live', 'urn:test', 'tenant', string_to_array($3, ' '), now())",
        )
        .bind(id.as_uuid())
        .bind(url)
        .bind(algorithms)
        .execute(&self.admin)
        .await
        .unwrap();
        id
    }

    /// An issuer of the provider with one RSA key, registered.
    pub(crate) async fn issuer(&self, name: &str, key: &Key) -> (String, IssuerId) {
        let url = self.provider.issuer(name, &[key]);
        let id = self.register(&url, key.algorithm()).await;
        (url, id)
    }

    /// An active tenant with both environments, schemas, roles and grants.
    pub(crate) async fn tenant(&self, slug: &str, issuer: IssuerId) -> Tenant {
        let id = TenantId::generate(&*self.clock, &SystemEntropy);
        sqlx::query(
            "INSERT INTO platform.tenant (id, slug, name, plan, status, issuer_id, spec, created_at, updated_at) \
             VALUES ($1, $2, $2, 'standard', 'active', $3, '{}', now(), now())",
        )
        .bind(id.as_uuid())
        .bind(slug)
        .bind(issuer.as_uuid())
        .execute(&self.admin)
        .await
        .unwrap();
        let (live, test) = (self.environment(id, Mode::Live).await, self.environment(id, Mode::Test).await);
        Tenant { slug: slug.to_owned(), live, test }
    }

    async fn environment(&self, tenant: TenantId, mode: Mode) -> Side {
        let id = EnvironmentId::generate(&*self.clock, &SystemEntropy);
        let (schema, locator) = (SchemaName::new(tenant, mode), Locator::generate(&SystemEntropy));
        let role = schema.quoted();
        let baseline = migration::tenant::baseline(None);
        self.run(&format!(
            "BEGIN; CREATE ROLE {role} NOLOGIN; CREATE SCHEMA {role}; GRANT {role} TO tessera_app; \
             SET LOCAL search_path TO {role}; {baseline} COMMIT"
        ))
        .await;
        sqlx::query(
            "INSERT INTO platform.environment (id, tenant_id, mode, cell_id, locator, schema_name, state, \
             key_provider, key_reference, key_state, created_at, updated_at) \
             VALUES ($1, $2, $3, 'cell_1', $4, $5, 'active', 'local', 'env_1', 'enabled', now(), now())",
        )
        .bind(id.as_uuid())
        .bind(tenant.as_uuid())
        .bind(mode.as_str())
        .bind(locator.as_str())
        .bind(schema.as_str())
        .execute(&self.admin)
        .await
        .unwrap();
        Side { id, mode, schema, locator }
    }

    pub(crate) async fn member(&self, side: &Side, issuer: &str, subject: &str, role: &str) -> MemberId {
        let id = MemberId::generate(&*self.clock, &SystemEntropy);
        let sql = format!("INSERT INTO {}.member VALUES ($1, $2, $3, $4, now(), now())", side.schema.quoted());
        let insert = sqlx::query(AssertSqlSafe(sql)).bind(id.as_uuid()).bind(issuer).bind(subject).bind(role);
        insert.execute(&self.admin).await.unwrap();
        id
    }

    pub(crate) async fn api_key(
        &self,
        side: &Side,
        role: &str,
        expires_at: Option<OffsetDateTime>,
    ) -> (ApiKeyId, String) {
        let id = ApiKeyId::generate(&*self.clock, &SystemEntropy);
        let secret = ApiKeySecret::generate(side.mode, &side.locator, &SystemEntropy);
        let table = side.schema.quoted();
        let sql = format!("INSERT INTO {table}.api_key VALUES ($1, $2, 'test', $3, $4, now(), $5)");
        sqlx::query(AssertSqlSafe(sql))
            .bind(id.as_uuid())
            .bind(secret.hash().as_slice())
            .bind(role)
            .bind(secret.last4())
            .bind(expires_at)
            .execute(&self.admin)
            .await
            .unwrap();
        (id, secret.expose().to_owned())
    }

    pub(crate) async fn resolve(&self, credential: &str) -> Result<TenantScope, CredentialRefusal> {
        self.resolver.resolve_bearer(credential).await
    }

    /// The code of the refusal, or what was accepted: `slug/mode/kind/role`.
    pub(crate) async fn outcome(&self, credential: &str) -> String {
        match self.resolve(credential).await {
            Ok(scope) => {
                let (environment, actor): (_, &Actor) = (scope.environment(), scope.actor());
                format!("{}/{}/{}/{}", environment.slug, environment.mode, actor.kind(), actor.role())
            }
            Err(refusal) => refusal.code().to_owned(),
        }
    }
}

/// What a good token of a person says.
pub(crate) fn claims(issuer: &str, tenant: &str) -> Value {
    json!({
        "iss": issuer, "sub": "person-1", "aud": "urn:test", "exp": START + 600, "iat": START, "tenant": tenant
    })
}

pub(crate) async fn cluster() -> Arc<Postgres> {
    let mut shared = CLUSTER.lock().await;
    if let Some(running) = shared.upgrade() {
        return running;
    }
    // What a crash leaves behind is not in question here.
    let hasty = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];
    let started = Arc::new(Postgres::throwaway_with(&hasty).await.unwrap());
    *shared = Arc::downgrade(&started);
    started
}

/// A database of its own with the control plane's schema, as `traps.md` section J shapes it.
async fn prepare(postgres: &Postgres, name: &str) -> (PgPool, String) {
    let cluster = PgPoolOptions::new().max_connections(1).connect(&postgres.admin_url()).await.unwrap();
    let role = format!(
        "DO $$ BEGIN PERFORM pg_advisory_xact_lock(1); \
         IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tessera_app') THEN \
         CREATE ROLE tessera_app LOGIN NOINHERIT PASSWORD '{APP_PASSWORD}'; CREATE ROLE tessera_worker NOLOGIN; \
         END IF; END $$"
    );
    sqlx::raw_sql(AssertSqlSafe(role)).execute(&cluster).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&cluster).await.unwrap();
    cluster.close().await;
    let mut url: url::Url = postgres.admin_url().parse().unwrap();
    url.set_path(name);
    let admin = PgPoolOptions::new().max_connections(2).connect(url.as_str()).await.unwrap();
    let mut platform = format!(
        "REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC; \
         CREATE SCHEMA platform; "
    );
    for migration in migration::platform::MIGRATIONS {
        platform.push_str(migration.sql);
    }
    sqlx::raw_sql(AssertSqlSafe(platform)).execute(&admin).await.unwrap();
    let app_url = postgres.url("tessera_app", APP_PASSWORD, name);
    (admin, app_url)
}
