//! A throwaway cluster with environments in it, as provisioning leaves them: a schema and a role each, and a login
//! role that sees nothing until it takes one on.

use std::{sync::Arc, time::Duration};

use kernel::{EnvironmentId, Mode, TenantId};
use keyring::{KeyReference, KeyState, ProviderKind};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use stack::Postgres;
use tenancy::{Database, DatabaseConfig, Environment, SchemaName, TenantTx};
use uuid::Uuid;

const APP_PASSWORD: &str = "app-password";
const DATABASE: &str = "tessera";

/// The cluster; it ends with this value.
pub(crate) struct Environments {
    postgres: Postgres,
    pub(crate) database: Database,
}

impl Environments {
    pub(crate) async fn start(connections_max: u32) -> Self {
        let postgres = Postgres::throwaway().await.unwrap();
        run(
            &postgres.admin_url(),
            &format!(
                "CREATE ROLE tessera_app LOGIN NOINHERIT PASSWORD '{APP_PASSWORD}'; \
                 ALTER ROLE tessera_app SET search_path = ''"
            ),
        )
        .await;
        run(&postgres.admin_url(), &format!("CREATE DATABASE {DATABASE}")).await;
        let config = DatabaseConfig {
            url: postgres.url("tessera_app", APP_PASSWORD, DATABASE).into(),
            connections_max,
            acquire_timeout: Duration::from_secs(30),
            application_name: "ledger-tests",
        };
        let database = Database::connect(&config).await.unwrap();
        Self { postgres, database }
    }

    /// A new environment with an empty schema of the newest version.
    pub(crate) async fn create(&self, number: u128, mode: Mode) -> Arc<Environment> {
        let tenant = TenantId::from_uuid(Uuid::from_u128(number));
        let id = EnvironmentId::from_uuid(Uuid::from_u128(number * 2 + u128::from(mode.is_live())));
        let schema = SchemaName::new(tenant, mode);
        let quoted = schema.quoted();
        let baseline = migration::tenant::baseline(None);
        let sql = format!(
            "BEGIN; CREATE ROLE {quoted} NOLOGIN; CREATE SCHEMA {quoted}; SET LOCAL search_path TO {quoted}; {baseline} \
             GRANT {quoted} TO tessera_app; COMMIT"
        );
        let admin = self.postgres.admin_url();
        let admin = admin.strip_suffix("/postgres").unwrap();
        run(&format!("{admin}/{DATABASE}"), &sql).await;
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

    pub(crate) async fn begin(&self, environment: &Arc<Environment>) -> TenantTx {
        TenantTx::begin(&self.database, Arc::clone(environment)).await.unwrap()
    }
}

async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
