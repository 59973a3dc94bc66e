//! Environments on a throwaway cluster, as provisioning leaves them: a schema and a role each, and a login role that
//! sees nothing until it takes one on. Tests that overlap in time share the cluster, never an environment.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use kernel::{EnvironmentId, Mode, TenantId};
use keyring::{KeyReference, KeyState, ProviderKind};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use stack::Postgres;
use tenancy::{Database, DatabaseConfig, Environment, SchemaName, TenantTx};
use tokio::sync::Mutex;
use uuid::Uuid;

const APP_PASSWORD: &str = "app-password";
const DATABASE: &str = "tessera";

/// The cluster of the tests now running; it ends with the last of them.
static CLUSTER: Mutex<Weak<Postgres>> = Mutex::const_new(Weak::new());
/// No two environments of this process have the same number.
static NUMBER: AtomicU32 = AtomicU32::new(1);

/// One test's share of the cluster.
pub(crate) struct Environments {
    database: Database,
    cluster: Arc<Postgres>,
}

impl Environments {
    pub(crate) async fn start(connections_max: u32) -> Self {
        let cluster = shared_cluster().await;
        let config = DatabaseConfig {
            url: cluster.url("tessera_app", APP_PASSWORD, DATABASE).into(),
            connections_max,
            acquire_timeout: Duration::from_mins(1),
            application_name: "tests",
        };
        let database = Database::connect(&config).await.unwrap();
        Self { database, cluster }
    }

    /// A new environment with an empty schema of the newest version.
    pub(crate) async fn create(&self, mode: Mode) -> Arc<Environment> {
        let number = u128::from(NUMBER.fetch_add(1, Ordering::SeqCst));
        let tenant = TenantId::from_uuid(Uuid::from_u128(number));
        let id = EnvironmentId::from_uuid(Uuid::from_u128(number));
        let schema = SchemaName::new(tenant, mode);
        let quoted = schema.quoted();
        let baseline = migration::tenant::baseline(None);
        let sql = format!(
            "BEGIN; CREATE ROLE {quoted} NOLOGIN; CREATE SCHEMA {quoted}; SET LOCAL search_path TO {quoted}; {baseline} \
             GRANT {quoted} TO tessera_app; COMMIT"
        );
        run(&admin_url(&self.cluster, DATABASE), &sql).await;
        Arc::new(Environment {
            id,
            tenant,
            slug: format!("tenant-{number}").parse().unwrap(),
            mode,
            locator: format!("{number:0>12}"),
            schema,
            key: KeyReference::try_new(ProviderKind::Local, &id.to_string()).unwrap(),
            key_state: KeyState::Enabled,
        })
    }

    /// The pool of the login role.
    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    /// Does something to an environment's rows that nobody but a superuser can.
    pub(crate) async fn tamper(&self, environment: &Environment, sql: &str) {
        let path = environment.schema.quoted();
        let begin = format!("SET search_path TO {path}; SET session_replication_role = replica");
        run(&admin_url(&self.cluster, DATABASE), &format!("{begin}; {sql}")).await;
    }

    /// The login role's URL.
    pub(crate) fn app_url(&self) -> String {
        self.cluster.url("tessera_app", APP_PASSWORD, DATABASE)
    }

    pub(crate) async fn begin(&self, environment: &Arc<Environment>) -> TenantTx {
        TenantTx::begin(&self.database, Arc::clone(environment)).await.unwrap()
    }
}

async fn shared_cluster() -> Arc<Postgres> {
    let mut shared = CLUSTER.lock().await;
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let cluster = Arc::new(Postgres::throwaway().await.unwrap());
    let login = format!(
        "CREATE ROLE tessera_app LOGIN NOINHERIT PASSWORD '{APP_PASSWORD}'; ALTER ROLE tessera_app SET search_path = ''"
    );
    run(&cluster.admin_url(), &login).await;
    run(&cluster.admin_url(), &format!("CREATE DATABASE {DATABASE}")).await;
    *shared = Arc::downgrade(&cluster);
    cluster
}

fn admin_url(cluster: &Postgres, database: &str) -> String {
    let url = cluster.admin_url();
    format!("{}/{database}", url.strip_suffix("/postgres").unwrap())
}

async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
