//! What a Postgres cluster needs once: the login roles, the database, and nothing open to everybody.
//!
//! It is the only code that ever connects as an administrator. Running it again changes nothing.

pub(crate) mod cluster;
mod error;
mod isolation;
pub(crate) mod platform;
mod verifier;

use kernel::Entropy;
use secrecy::SecretString;
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

pub use error::BootstrapError;
pub use isolation::{IsolationError, check_isolation};
pub use platform::migrate_platform;

use crate::{Database, DatabaseConfig};
use cluster::{Cluster, Verifiers};

/// The role of `tessera control`: owns schemas and tables, makes tenant roles, is no superuser.
pub const CONTROL_ROLE: &str = "tessera_control";
/// The login role of `tessera api`: sees nothing of a tenant until a transaction takes on that tenant's role.
pub const APP_ROLE: &str = "tessera_app";
/// The login role of `tessera worker`: the same walls as for [`APP_ROLE`], and what jobs keep in `platform`.
pub const WORKER_ROLE: &str = "tessera_worker";
/// What every tenant's role may do in `platform`.
pub const TENANT_GROUP: &str = "tessera_tenant";
/// The database's usual name.
pub const DATABASE: &str = "tessera";

/// Seconds that bringing `platform` forward may wait for its one connection.
const CONNECT_TIMEOUT_SECONDS: u64 = 10;

/// What a cluster is made ready with.
#[derive(Debug)]
pub struct BootstrapConfig {
    /// `postgres://…` of a superuser.
    pub admin_url: SecretString,
    /// Password that `tessera_control` gets.
    pub control_password: SecretString,
    /// Password that `tessera_app` gets.
    pub app_password: SecretString,
    /// Password that `tessera_worker` gets.
    pub worker_password: SecretString,
    /// Name of the database, usually [`DATABASE`].
    pub database: String,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootstrapReport {
    /// `server_version_num`, such as 150014.
    pub server_version: u32,
    /// What did not exist before, one line each; empty when there was nothing to do.
    pub created: Vec<String>,
}

/// Makes the cluster ready for `tessera control`, `tessera api` and `tessera worker`.
pub async fn run(config: &BootstrapConfig, entropy: &dyn Entropy) -> Result<BootstrapReport, BootstrapError> {
    let database = cluster::checked_database_name(&config.database)?;
    let verifiers = Verifiers {
        control: verifier::scram("control_password", &config.control_password, entropy)?,
        app: verifier::scram("app_password", &config.app_password, entropy)?,
        worker: verifier::scram("worker_password", &config.worker_password, entropy)?,
    };
    let options = connect_options(&config.admin_url)?;

    let mut admin = connect(&options).await?;
    let mut cluster = Cluster::examine(&mut admin, database).await?;
    cluster.make_roles(&mut admin, &verifiers).await?;
    cluster.make_database(&mut admin).await?;
    let mut inside = connect(&options.clone().database(database)).await?;
    cluster.close_to_public(&mut inside).await?;
    inside.close().await.map_err(BootstrapError::Sql)?;
    // The session's lock is held until here: two runs at once take turns.
    admin.close().await.map_err(BootstrapError::Sql)?;

    let mut report = BootstrapReport { server_version: cluster.server_version, created: cluster.created };
    let control = connect_as_control(config, &options).await?;
    let applied = migrate_platform(&control).await?;
    report.created.extend(applied);
    control.pool().close().await;
    Ok(report)
}

/// Proves the new password too.
async fn connect_as_control(config: &BootstrapConfig, options: &PgConnectOptions) -> Result<Database, BootstrapError> {
    use secrecy::ExposeSecret as _;
    let options = options
        .clone()
        .username(CONTROL_ROLE)
        .password(config.control_password.expose_secret())
        .database(&config.database);
    Database::connect(&DatabaseConfig {
        url: SecretString::from(options.to_url_lossy().to_string()),
        connections_max: 1,
        acquire_timeout: std::time::Duration::from_secs(CONNECT_TIMEOUT_SECONDS),
        application_name: "tessera bootstrap",
    })
    .await
    .map_err(BootstrapError::ControlLogin)
}

fn connect_options(url: &SecretString) -> Result<PgConnectOptions, BootstrapError> {
    use secrecy::ExposeSecret as _;
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.expose_secret().starts_with(scheme)) {
        return Err(BootstrapError::AdminUrl(None));
    }
    let parsed: Result<PgConnectOptions, _> = url.expose_secret().parse();
    let options = parsed.map_err(|error| BootstrapError::AdminUrl(Some(error)))?;
    let options = if options.get_socket().is_some() { options.ssl_mode(PgSslMode::Disable) } else { options };
    Ok(options.application_name("tessera bootstrap").disable_statement_logging())
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, BootstrapError> {
    options.connect().await.map_err(BootstrapError::AdminLogin)
}
