//! `tessera control`: the control plane.

use std::{sync::Arc, time::Duration};

use ::api::{platform, platform::PlatformState, serve};
use anyhow::Context as _;
use kernel::{Clock, Entropy, SystemClock, SystemEntropy};
use keyring::Keyring;
use secrecy::ExposeSecret;
use tenancy::{
    Database, DatabaseConfig, bootstrap,
    hints::Hints,
    identity::{IssuerUrl, KeySets, StaffIssuer, StaffVerifier},
    provisioning::{ControlPlane, ControlPlaneConfig, ControlPlaneParts},
};

use super::config::{REDIS_URL_WRONG, ServerConfig};

/// Enough for parallel migrations beside requests.
const CONNECTIONS_MAX: u32 = 16;
/// How long a step waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) async fn run(mut config: ServerConfig) -> anyhow::Result<()> {
    let section = config.control()?;
    let listener = serve::listen(section.listen, "control.listen").await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let database = Database::connect(&DatabaseConfig {
        url: section.database_url.clone(),
        connections_max: CONNECTIONS_MAX,
        acquire_timeout: ACQUIRE_TIMEOUT,
        application_name: "tessera control",
    })
    .await?;
    for done in bootstrap::migrate_platform(&database).await? {
        tracing::info!(done, "brought schema `platform` forward");
    }
    let redis_url = config.redis.url.as_ref().map(ExposeSecret::expose_secret);
    let key_sets = KeySets::new(&config.identity, Arc::clone(&clock))?;
    let staff_issuer = StaffIssuer {
        issuer: IssuerUrl::parse(&section.staff_issuer, config.identity.allow_http_issuers)?,
        audience: section.staff_audience,
    };
    let staff = StaffVerifier::new(key_sets.clone(), staff_issuer, &config.identity, Arc::clone(&clock));
    let keyring = Keyring::connect(&config.keyring, Arc::clone(&clock), Arc::clone(&entropy)).await?;
    let hints = Hints::connect(redis_url).context(REDIS_URL_WRONG)?;
    let parts = ControlPlaneParts { database, keyring, key_sets, hints, clock, entropy };
    let settings = ControlPlaneConfig {
        schema_version_max: section.schema_version_max,
        allow_http_issuers: config.identity.allow_http_issuers,
        ..ControlPlaneConfig::default()
    };
    let control = ControlPlane::new(parts, settings)?;
    control.start();
    tracing::info!(address = %section.listen, "the control plane listens");
    let router = platform::router(PlatformState { control: control.clone(), staff });
    serve::serve(listener, router, serve::shutdown_signal()).await;
    control.drain().await;
    tracing::info!("stopped");
    Ok(())
}
