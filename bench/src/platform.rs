//! A platform to measure: throwaway Postgres, the real identity provider, and a control plane in this process.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use kernel::{RequestId, SystemClock, SystemEntropy};
use keyring::{Keyring, KeyringConfig};
use serde_json::json;
use stack::{ClientSpec, IdentityProvider, IssuerSpec, Postgres, SigningAlgorithm};
use tempfile::TempDir;
use tenancy::{
    Database, DatabaseConfig,
    bootstrap::{self, BootstrapConfig},
    hints::Hints,
    identity::{IdentityConfig, KeySets},
    provisioning::{
        ControlPlane, ControlPlaneConfig, ControlPlaneParts, Operation, OperationState, Reply, StaffCall, TenantSpec,
    },
};
use url::Url;

/// The name of the issuer that all measured tenants share.
pub(crate) const ISSUER: &str = "people";
/// The client that fetches tokens; its claim names the first tenant.
pub(crate) const CLIENT: (&str, &str) = ("bench", "a-secret-of-the-bench");
/// The tenant that tokens belong to.
pub(crate) const TENANT: &str = "bench-first";
/// Longest wait for an operation.
const PATIENCE: Duration = Duration::from_mins(10);
const APP_PASSWORD: &str = "app-of-the-bench";
const CONTROL_PASSWORD: &str = "control-of-the-bench";

pub(crate) struct Platform {
    pub(crate) app: Database,
    pub(crate) control: ControlPlane,
    pub(crate) identity: IdentityProvider,
    control_url: String,
    keyring: Keyring,
    postgres: Postgres,
    keys: TempDir,
}

pub(crate) fn identity_config() -> IdentityConfig {
    IdentityConfig { allow_http_issuers: true, ..IdentityConfig::default() }
}

/// The local provider insists on a directory that nobody else can read.
pub(crate) fn local_keys(directory: &Path) -> anyhow::Result<KeyringConfig> {
    std::fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(KeyringConfig { local_directory: Some(directory.to_owned()), ..KeyringConfig::default() })
}

impl Platform {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Self::start_on(Postgres::throwaway().await?).await
    }

    /// The same on a server with settings of its own.
    pub(crate) async fn start_on(postgres: Postgres) -> anyhow::Result<Self> {
        let issuer = IssuerSpec::tenant(ISSUER, SigningAlgorithm::Rs256)
            .client(ClientSpec::machine(CLIENT.0, CLIENT.1).claim("tenant", TENANT));
        let identity = IdentityProvider::builder().issuer(issuer).start().await?;
        let config = BootstrapConfig {
            admin_url: postgres.admin_url().into(),
            control_password: CONTROL_PASSWORD.into(),
            app_password: APP_PASSWORD.into(),
            worker_password: "worker-of-the-bench".into(),
            database: bootstrap::DATABASE.to_owned(),
        };
        bootstrap::run(&config, &SystemEntropy).await?;
        let app = connect(&app_url(&postgres)).await?;
        let control_url = postgres.url(bootstrap::CONTROL_ROLE, CONTROL_PASSWORD, bootstrap::DATABASE);
        let keys = tempfile::tempdir()?;
        let keyring =
            Keyring::connect(&local_keys(keys.path())?, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
        let control = control_plane(&control_url, keyring.clone(), None).await?;
        Ok(Self { app, control, identity, control_url, keyring, postgres, keys })
    }

    /// The database as the payment API reaches it.
    pub(crate) fn app_url(&self) -> String {
        app_url(&self.postgres)
    }

    /// The database as its superuser reaches it.
    pub(crate) fn admin_url(&self) -> anyhow::Result<Url> {
        let mut url: Url = self.postgres.admin_url().parse()?;
        url.set_path(bootstrap::DATABASE);
        Ok(url)
    }

    /// Where the local provider keeps its keys.
    pub(crate) fn keys(&self) -> &Path {
        self.keys.path()
    }

    /// A second control plane that holds new environments back at a version.
    pub(crate) async fn pinned(&self, version_max: &str) -> anyhow::Result<ControlPlane> {
        control_plane(&self.control_url, self.keyring.clone(), Some(version_max.to_owned())).await
    }

    /// Makes a tenant and waits until it is open.
    pub(crate) async fn provision(&self, control: &ControlPlane, slug: &str) -> anyhow::Result<()> {
        let spec: TenantSpec = serde_json::from_value(json!({
            "slug": slug, "name": slug, "plan": "standard", "key_provider": "local",
            "issuer": { "url": self.identity.issuer_url(ISSUER)?, "shared": true, "algorithms": ["RS256"] },
            "members": [{ "subject": "owner", "role": "owner" }],
        }))?;
        let Reply::Written(written) = control.create_tenant(&call(), spec).await? else {
            anyhow::bail!("a tenant was planned, not made");
        };
        let operation = written.operation.context("no operation was started")?;
        succeeded(&control.wait_for_operation(operation, None, PATIENCE).await?)
    }
}

/// Fails unless the operation has succeeded.
pub(crate) fn succeeded(operation: &Operation) -> anyhow::Result<()> {
    anyhow::ensure!(operation.state == OperationState::Succeeded, "an operation ended as {:?}", operation.state);
    Ok(())
}

/// A staff call of the bench.
pub(crate) fn call() -> StaffCall {
    StaffCall::new("bench", RequestId::generate(&SystemClock, &SystemEntropy))
}

fn app_url(postgres: &Postgres) -> String {
    postgres.url(bootstrap::APP_ROLE, APP_PASSWORD, bootstrap::DATABASE)
}

async fn connect(url: &str) -> anyhow::Result<Database> {
    let config = DatabaseConfig {
        url: url.into(),
        connections_max: 16,
        acquire_timeout: Duration::from_secs(10),
        application_name: "bench",
    };
    Ok(Database::connect(&config).await?)
}

async fn control_plane(
    url: &str,
    keyring: Keyring,
    schema_version_max: Option<String>,
) -> anyhow::Result<ControlPlane> {
    let parts = ControlPlaneParts {
        database: connect(url).await?,
        keyring,
        key_sets: KeySets::new(&identity_config(), Arc::new(SystemClock))?,
        hints: Hints::connect(None)?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    };
    let config = ControlPlaneConfig { schema_version_max, allow_http_issuers: true, ..ControlPlaneConfig::default() };
    let control = ControlPlane::new(parts, config)?;
    control.start();
    Ok(control)
}
