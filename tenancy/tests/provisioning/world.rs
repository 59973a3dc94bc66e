//! A cluster made ready by `bootstrap`, and control planes on it.

use std::{
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use kernel::{Clock, Entropy, OperationId, RequestId, Slug, SystemClock, SystemEntropy};
use keyring::{Keyring, KeyringConfig};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use stack::Postgres;
use tempfile::TempDir;
use tenancy::{
    Database, DatabaseConfig, UnitsOfWork,
    bootstrap::{self, BootstrapConfig},
    directory::{Directory, DirectoryConfig},
    hints::Hints,
    identity::{IdentityConfig, KeySets},
    provisioning::{
        ControlError, ControlPlane, ControlPlaneConfig, ControlPlaneParts, Operation, OperationState, Refusal, Reply,
        StaffCall, StepEvent, StepObserver, Tenant, TenantSpec, Verdict, Written,
    },
};

use crate::issuer::Issuers;

const CONTROL_PASSWORD: &str = "control-of-a-throwaway-cluster";
const APP_PASSWORD: &str = "app-of-a-throwaway-cluster";
const WORKER_PASSWORD: &str = "worker-of-a-throwaway-cluster";
/// Long enough for everything a test does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One cluster for all tests that run at the same time; it ends with the last of them.
static CLUSTER: tokio::sync::Mutex<Weak<Postgres>> = tokio::sync::Mutex::const_new(Weak::new());

pub(crate) struct World {
    pub(crate) postgres: Arc<Postgres>,
    pub(crate) bootstrap: BootstrapConfig,
    /// A superuser inside the database.
    pub(crate) admin: PgPool,
    pub(crate) app: Database,
    pub(crate) worker: Database,
    pub(crate) issuers: Issuers,
    pub(crate) key_directory: TempDir,
    pub(crate) keyring: Keyring,
    pub(crate) control: ControlPlane,
    control_url: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_in(cluster().await, config()).await
    }

    pub(crate) async fn start_with(config: ControlPlaneConfig) -> Self {
        Self::start_in(cluster().await, config).await
    }

    pub(crate) async fn start_in(postgres: Arc<Postgres>, config: ControlPlaneConfig) -> Self {
        let database = format!("world_{}", RequestId::generate(&SystemClock, &SystemEntropy).encoded());
        let bootstrap = BootstrapConfig {
            admin_url: postgres.admin_url().into(),
            control_password: CONTROL_PASSWORD.into(),
            app_password: APP_PASSWORD.into(),
            worker_password: WORKER_PASSWORD.into(),
            database: database.clone(),
        };
        bootstrap::run(&bootstrap, &SystemEntropy).await.unwrap();
        let mut admin_url: url::Url = postgres.admin_url().parse().unwrap();
        admin_url.set_path(&database);
        let admin = PgPoolOptions::new().max_connections(2).connect(admin_url.as_str()).await.unwrap();
        let app = connect(&postgres.url("tessera_app", APP_PASSWORD, &database), 2).await;
        let worker = connect(&postgres.url("tessera_worker", WORKER_PASSWORD, &database), 2).await;
        let key_directory = TempDir::new().unwrap();
        std::fs::set_permissions(key_directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let keyring = local_keyring(&key_directory).await;
        let control_url = postgres.url("tessera_control", CONTROL_PASSWORD, &database);
        let control = control_plane(&control_url, keyring.clone(), config, Arc::new(Silent)).await;
        let issuers = Issuers::start().await;
        Self { postgres, bootstrap, admin, app, worker, issuers, key_directory, keyring, control, control_url }
    }

    /// Another pool of the worker's login role.
    pub(crate) async fn another_worker(&self) -> Database {
        connect(&self.postgres.url("tessera_worker", WORKER_PASSWORD, &self.bootstrap.database), 2).await
    }

    /// Another process on the same database.
    pub(crate) async fn another(&self, config: ControlPlaneConfig) -> ControlPlane {
        self.observed(config, Arc::new(Silent)).await
    }

    /// Another process, with somebody who is told of its steps.
    pub(crate) async fn observed(&self, config: ControlPlaneConfig, observer: Arc<dyn StepObserver>) -> ControlPlane {
        control_plane(&self.control_url, self.keyring.clone(), config, observer).await
    }

    /// Another process with another keyring.
    pub(crate) async fn with_keyring(&self, keyring: Keyring) -> ControlPlane {
        control_plane(&self.control_url, keyring, config(), Arc::new(Silent)).await
    }

    /// A good specification with an issuer of its own.
    pub(crate) fn spec(&self, slug: &str) -> TenantSpec {
        self.spec_with(slug, |_| ())
    }

    pub(crate) fn spec_with(&self, slug: &str, change: impl FnOnce(&mut Value)) -> TenantSpec {
        let mut spec = json!({
            "slug": slug, "name": format!("{slug} Ltd"), "plan": "standard", "key_provider": "local",
            "issuer": { "url": self.issuers.url(slug), "algorithms": ["ES256"] },
            "members": [{ "subject": format!("{slug}-owner"), "role": "owner" }],
        });
        change(&mut spec);
        serde_json::from_value(spec).unwrap()
    }

    /// Makes a tenant and waits until it is open.
    pub(crate) async fn tenant(&self, slug: &str) -> Tenant {
        let written = written(self.control.create_tenant(&call(), self.spec(slug)).await.unwrap());
        let operation = self.ended(written.operation.unwrap()).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", operation.error);
        self.control.tenant(&slug.parse().unwrap()).await.unwrap()
    }

    pub(crate) async fn ended(&self, id: OperationId) -> Operation {
        ended(&self.control, id).await
    }

    /// The slugs that the API would route, each with its modes, asked as the API asks.
    pub(crate) async fn routable(&self) -> Vec<String> {
        let units = UnitsOfWork::new(self.app.clone());
        let config = DirectoryConfig::from(&IdentityConfig::default());
        let directory = Directory::new(units, config, Arc::new(SystemClock));
        drop(directory.snapshot().await.unwrap());
        let sql = "SELECT t.slug || '/' || e.mode FROM platform.tenant t JOIN platform.environment e \
                   ON e.tenant_id = t.id WHERE t.status = 'active' AND e.state = 'active' ORDER BY 1";
        sqlx::query_scalar(sql).fetch_all(self.app.pool()).await.unwrap()
    }

    pub(crate) async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.admin).await.unwrap();
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.admin).await.unwrap()
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.admin).await.unwrap()
    }

    /// Everything that a refused request must leave as it was.
    pub(crate) async fn traces(&self) -> Vec<i64> {
        let mut traces = Vec::new();
        for table in ["tenant", "environment", "issuer", "operation", "operation_step", "audit_record"] {
            traces.push(self.count(&format!("SELECT count(*) FROM platform.{table}")).await);
        }
        traces.push(self.count("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 't\\_%'").await);
        traces.push(i64::try_from(std::fs::read_dir(self.key_directory.path()).unwrap().count()).unwrap());
        traces
    }
}

/// Quick leases, so that a take-over does not take long.
pub(crate) fn config() -> ControlPlaneConfig {
    ControlPlaneConfig { allow_http_issuers: true, lease: Duration::from_secs(2), ..ControlPlaneConfig::default() }
}

pub(crate) async fn local_keyring(directory: &TempDir) -> Keyring {
    let config = KeyringConfig { local_directory: Some(directory.path().to_owned()), ..KeyringConfig::default() };
    Keyring::connect(&config, clock(), entropy()).await.unwrap()
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

pub(crate) fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

async fn control_plane(
    url: &str,
    keyring: Keyring,
    config: ControlPlaneConfig,
    observer: Arc<dyn StepObserver>,
) -> ControlPlane {
    let identity = IdentityConfig { allow_http_issuers: true, ..IdentityConfig::default() };
    let parts = ControlPlaneParts {
        database: connect(url, 12).await,
        keyring,
        key_sets: KeySets::new(&identity, clock()).unwrap(),
        hints: Hints::connect(None).unwrap(),
        clock: clock(),
        entropy: entropy(),
    };
    ControlPlane::with_observer(parts, config, observer).unwrap()
}

async fn connect(url: &str, connections_max: u32) -> Database {
    let config = DatabaseConfig {
        url: url.into(),
        connections_max,
        acquire_timeout: Duration::from_secs(10),
        application_name: "provisioning-test",
    };
    Database::connect(&config).await.unwrap()
}

pub(crate) async fn cluster() -> Arc<Postgres> {
    let mut shared = CLUSTER.lock().await;
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let started = Arc::new(Postgres::throwaway_with(&[("max_connections", "400")]).await.unwrap());
    *shared = Arc::downgrade(&started);
    started
}

/// A call with a key of its own.
pub(crate) fn call() -> StaffCall {
    StaffCall { reason: Some("a test".to_owned()), ..StaffCall::new("sam", request()) }
}

pub(crate) fn keyed(key: &str) -> StaffCall {
    StaffCall { request_key: key.to_owned(), ..call() }
}

pub(crate) fn dry() -> StaffCall {
    StaffCall { dry_run: true, ..call() }
}

pub(crate) fn request() -> RequestId {
    RequestId::generate(&SystemClock, &SystemEntropy)
}

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

pub(crate) fn written<T: std::fmt::Debug>(reply: Reply<T>) -> Written<T> {
    match reply {
        Reply::Written(written) => written,
        Reply::Planned(changes) => panic!("only planned: {changes:?}"),
    }
}

pub(crate) fn planned<T: std::fmt::Debug>(reply: Reply<T>) -> Vec<(String, Option<String>)> {
    match reply {
        Reply::Planned(changes) => changes.into_iter().map(|change| (change.action, change.field)).collect(),
        Reply::Written(written) => panic!("written: {written:?}"),
    }
}

pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, ControlError>) -> Refusal {
    match result {
        Err(ControlError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Waits for the end, longer than one look.
pub(crate) async fn ended(control: &ControlPlane, id: OperationId) -> Operation {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let operation = control.wait_for_operation(id, None, PATIENCE).await.unwrap();
        if operation.state.is_final() {
            return operation;
        }
        assert!(tokio::time::Instant::now() < deadline, "{operation:?}");
    }
}

/// Says nothing and lets everything go on.
#[derive(Debug)]
pub(crate) struct Silent;

impl StepObserver for Silent {
    fn observe(&self, _event: &StepEvent<'_>) -> Verdict {
        Verdict::Continue
    }
}

/// Kills the run at one event, by its number.
#[derive(Debug)]
pub(crate) struct KillAt {
    pub(crate) left: Mutex<usize>,
    pub(crate) died_at: Mutex<Option<String>>,
}

impl KillAt {
    pub(crate) fn new(number: usize) -> Arc<Self> {
        Arc::new(Self { left: Mutex::new(number), died_at: Mutex::new(None) })
    }

    pub(crate) fn death(&self) -> Option<String> {
        self.died_at.lock().unwrap().clone()
    }
}

impl StepObserver for KillAt {
    fn observe(&self, event: &StepEvent<'_>) -> Verdict {
        let mut left = self.left.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            return Verdict::Continue;
        }
        let mut died_at = self.died_at.lock().unwrap();
        died_at.get_or_insert_with(|| format!("{} {:?}", event.step, event.moment));
        Verdict::Abandon
    }
}

/// Dies at one moment of one step, or only writes down which moments there are.
#[derive(Debug)]
pub(crate) struct KillWhen {
    /// Which moment, and how many of its kind pass before.
    at: Option<(String, usize)>,
    pub(crate) seen: Mutex<Vec<String>>,
}

impl KillWhen {
    pub(crate) fn never() -> Arc<Self> {
        Arc::new(Self { at: None, seen: Mutex::default() })
    }

    pub(crate) fn new(moment: &str, occurrence: usize) -> Arc<Self> {
        Arc::new(Self { at: Some((moment.to_owned(), occurrence)), seen: Mutex::default() })
    }

    pub(crate) fn is_dead(&self) -> bool {
        let seen = self.seen.lock().unwrap();
        self.at.as_ref().is_some_and(|(at, before)| seen.iter().filter(|moment| *moment == at).count() > *before)
    }
}

impl StepObserver for KillWhen {
    fn observe(&self, event: &StepEvent<'_>) -> Verdict {
        // Who is dead sees nothing more.
        if self.is_dead() {
            return Verdict::Abandon;
        }
        self.seen.lock().unwrap().push(format!("{} {:?}", event.step, event.moment));
        if self.is_dead() { Verdict::Abandon } else { Verdict::Continue }
    }
}
