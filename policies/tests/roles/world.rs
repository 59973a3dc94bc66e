//! A real Postgres with two environments of one tenant, reached as the API reaches them.

use std::{sync::Arc, time::Duration};

use kernel::{EnvironmentId, FixedClock, IssuerId, Mode, SeededEntropy, SystemClock, TenantId};
use keyring::{KeyReference, KeyState};
use policies::{
    Action, Attributes, Permit, Policies, PolicyBounds, PolicySnapshot, Subject, TenantPolicySource,
    role::{self, Role, RoleDraft, RoleError, RoleUpdate, RuleDraft},
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use stack::Postgres;
use tenancy::{
    Database, DatabaseConfig, Environment, SchemaName, TenantTx, UnitsOfWork,
    directory::{Directory, DirectoryConfig},
};

const PASSWORD: &str = "app-password-of-a-throwaway-cluster";

pub(crate) struct World {
    _postgres: Postgres,
    pub(crate) admin: PgConnection,
    pub(crate) database: Database,
    pub(crate) live: Arc<Environment>,
    pub(crate) test: Arc<Environment>,
    pub(crate) policies: Policies,
    pub(crate) clock: FixedClock,
    pub(crate) entropy: SeededEntropy,
}

impl World {
    pub(crate) async fn start() -> Self {
        let postgres = Postgres::throwaway().await.unwrap();
        let mut admin = PgConnection::connect(&postgres.admin_url()).await.unwrap();
        let (clock, entropy) = (FixedClock::new(1_790_000_000), SeededEntropy::new(1));
        let roles = format!(
            "CREATE ROLE tessera_app LOGIN NOINHERIT PASSWORD '{PASSWORD}'; CREATE ROLE tessera_worker LOGIN NOINHERIT; \
             CREATE SCHEMA platform"
        );
        run(&mut admin, roles).await;
        for migration in migration::platform::MIGRATIONS {
            run(&mut admin, migration.sql.to_owned()).await;
        }
        let tenant = TenantId::generate(&clock, &entropy);
        let issuer = IssuerId::generate(&clock, &entropy);
        let (tenant_id, issuer_id) = (tenant.as_uuid(), issuer.as_uuid());
        let rows = format!(
            "INSERT INTO platform.issuer VALUES ('{issuer_id}', 'https://issuer.example', false, 'live', 'test', \
             'tenant', '{{RS256}}', now()); \
             INSERT INTO platform.tenant VALUES ('{tenant_id}', 'acme', 'Acme', 'standard', 'active', '{issuer_id}', \
             '{{}}', 1, now(), now())"
        );
        run(&mut admin, rows).await;
        let live = environment(&mut admin, tenant, Mode::Live, &clock, &entropy).await;
        let test = environment(&mut admin, tenant, Mode::Test, &clock, &entropy).await;

        let config = DatabaseConfig {
            url: postgres.url("tessera_app", PASSWORD, "postgres").into(),
            connections_max: 8,
            acquire_timeout: Duration::from_secs(10),
            application_name: "policies-test",
        };
        let database = Database::connect(&config).await.unwrap();
        let units = UnitsOfWork::new(database.clone());
        let directory = Directory::new(units.clone(), DirectoryConfig::default(), Arc::new(SystemClock));
        let source = TenantPolicySource::new(units, directory);
        let policies = Policies::new(Arc::new(source), PolicyBounds::default());
        Self { _postgres: postgres, admin, database, live, test, policies, clock, entropy }
    }

    pub(crate) async fn begin(&self) -> TenantTx {
        TenantTx::begin(&self.database, Arc::clone(&self.live)).await.unwrap()
    }

    pub(crate) async fn snapshot(&self) -> Arc<PolicySnapshot> {
        self.policies.snapshot(self.live.id).await.unwrap()
    }

    pub(crate) async fn permit<A: Action>(&self, role: &str) -> Permit<A> {
        self.policies.permit(&Subject::tenant(self.live.id, role), &Attributes::unknown()).await.unwrap()
    }

    pub(crate) async fn create(&self, granter: &str, name: &str, rules: &[Value]) -> Result<Role, RoleError> {
        let (permit, snapshot, tx) = (self.permit(granter).await, self.snapshot().await, self.begin().await);
        let draft = RoleDraft { name: name.to_owned(), description: "at the till".to_owned(), rules: drafts(rules) };
        let made = role::create(&tx, &permit, &snapshot, draft, &self.clock, &self.entropy).await?;
        tx.commit(()).await.unwrap();
        self.policies.invalidate(self.live.id);
        Ok(made)
    }

    pub(crate) async fn update(&self, granter: &str, name: &str, rules: &[Value]) -> Result<Role, RoleError> {
        let (permit, snapshot, tx) = (self.permit(granter).await, self.snapshot().await, self.begin().await);
        let update = RoleUpdate { name: name.to_owned(), description: None, rules: Some(drafts(rules)) };
        let made = role::update(&tx, &permit, &snapshot, update, &self.clock, &self.entropy).await?;
        tx.commit(()).await.unwrap();
        self.policies.invalidate(self.live.id);
        Ok(made)
    }

    pub(crate) async fn delete(&self, granter: &str, name: &str) -> Result<(), RoleError> {
        let (permit, snapshot, tx) = (self.permit(granter).await, self.snapshot().await, self.begin().await);
        role::delete(&tx, &permit, &snapshot, name).await?;
        tx.commit(()).await.unwrap();
        self.policies.invalidate(self.live.id);
        Ok(())
    }

    pub(crate) async fn revision(&mut self) -> i64 {
        let query = format!("SELECT revision FROM {}.policy_revision", self.live.schema.quoted());
        sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut self.admin).await.unwrap()
    }
}

/// `{"object": …, "action": …, "conditions": …}` as a draft.
pub(crate) fn drafts(rules: &[Value]) -> Vec<RuleDraft> {
    let text = |rule: &Value, field: &str| rule[field].as_str().unwrap().to_owned();
    let conditions = |rule: &Value| rule.get("conditions").cloned().unwrap_or_else(|| json!({}));
    rules
        .iter()
        .map(|rule| RuleDraft {
            object: text(rule, "object"),
            action: text(rule, "action"),
            conditions: conditions(rule),
        })
        .collect()
}

pub(crate) async fn run(admin: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await.unwrap();
}

async fn environment(
    admin: &mut PgConnection,
    tenant: TenantId,
    mode: Mode,
    clock: &FixedClock,
    entropy: &SeededEntropy,
) -> Arc<Environment> {
    let id = EnvironmentId::generate(clock, entropy);
    let schema = SchemaName::new(tenant, mode);
    let locator = format!("{:0<12}", mode.as_str());
    let quoted = schema.quoted();
    let baseline = migration::tenant::baseline(None);
    let creation = format!(
        "BEGIN; CREATE ROLE {quoted} NOLOGIN; CREATE SCHEMA {quoted}; SET LOCAL search_path TO {quoted}; {baseline} \
         GRANT {quoted} TO tessera_app; COMMIT"
    );
    run(admin, creation).await;
    let (environment_id, tenant_id) = (id.as_uuid(), tenant.as_uuid());
    let row = format!(
        "INSERT INTO platform.environment (id, tenant_id, mode, cell_id, locator, schema_name, state, key_provider, \
         key_reference, key_state, created_at, updated_at) VALUES ('{environment_id}', '{tenant_id}', '{mode}', \
         'cell_1', '{locator}', '{schema}', 'active', 'local', 'env_1', 'enabled', now(), now())"
    );
    run(admin, row).await;
    let key = KeyReference::try_new(keyring::ProviderKind::Local, "env_1").unwrap();
    let slug = "acme".parse().unwrap();
    Arc::new(Environment { id, tenant, slug, mode, locator, schema, key, key_state: KeyState::Enabled })
}
