//! `tessera api`: the payment API.

use std::{sync::Arc, time::Duration};

use ::api::{
    Api, ApiParts, KeysInProgress,
    rate_limit::{Quota, Quotas, RateLimiter},
    serve,
};
use anyhow::Context as _;
use kernel::{Clock, Entropy, SystemClock, SystemEntropy};
use keyring::Keyring;
use ledger::{Engine, EngineConfig};
use payments::desk::WalletDesk;
use policies::{Policies, PolicyBounds, TenantPolicySource};
use secrecy::ExposeSecret;
use tenancy::{
    Database, DatabaseConfig, UnitsOfWork, bootstrap,
    directory::{Directory, DirectoryConfig},
    field_keys::FieldKeyring,
    hints::{Hint, Hints},
    identity::{KeySets, Resolver},
    lane::LanesConfig,
};

use super::config::{ApiSection, REDIS_URL_WRONG, ServerConfig};

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Most orders that are posted together.
const POSTING_BATCH_MAX: usize = 1_000;
/// How often expired keys are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

pub(super) async fn run(mut config: ServerConfig) -> anyhow::Result<()> {
    let section = config.api()?;
    let listener = serve::listen(section.listen, "api.listen").await?;
    let database = Database::connect(&DatabaseConfig {
        url: section.database_url.clone(),
        connections_max: section.pool_connections_max,
        acquire_timeout: ACQUIRE_TIMEOUT,
        application_name: "tessera api",
    })
    .await?;
    // Refusing to serve is better than serving where the wall has a hole.
    bootstrap::check_isolation(&database).await?;
    let api = assemble(&config, &section, database).await?;
    let (units, engine) = (api.units.clone(), api.engine.clone());
    tracing::info!(address = %section.listen, "the payment API listens");
    serve::serve(listener, ::api::router::router(api), serve::shutdown_signal()).await;
    units.drain().await;
    engine.drain().await;
    tracing::info!("stopped");
    Ok(())
}

async fn assemble(config: &ServerConfig, section: &ApiSection, database: Database) -> anyhow::Result<Api> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let redis_url = config.redis.url.as_ref().map(ExposeSecret::expose_secret);
    let redis = redis_url.map(redis::Client::open).transpose().context(REDIS_URL_WRONG)?;
    let units = UnitsOfWork::new(database);
    let directory = Directory::new(units.clone(), DirectoryConfig::from(&config.identity), Arc::clone(&clock));
    let key_sets = KeySets::new(&config.identity, Arc::clone(&clock))?;
    let resolver = Resolver::new(units.clone(), directory.clone(), key_sets, &config.identity, Arc::clone(&clock));
    let keyring = Keyring::connect(&config.keyring, Arc::clone(&clock), Arc::clone(&entropy)).await?;
    let field_keys = FieldKeyring::new(units.clone(), keyring.clone(), Arc::clone(&clock));
    let source = TenantPolicySource::new(units.clone(), directory.clone());
    let desk = WalletDesk::new(Arc::clone(&clock), Arc::clone(&entropy));
    let engine = Engine::new(desk, &engine_config(section), Arc::clone(&clock))?;
    let parts = ApiParts {
        engine,
        policies: Policies::new(Arc::new(source), PolicyBounds::default()),
        limiter: RateLimiter::new(quotas(section), redis),
        wallets: Api::wallet_questions(units.clone()),
        hints: Hints::connect(redis_url).context(REDIS_URL_WRONG)?,
        units,
        directory,
        resolver,
        field_keys,
        keys_in_progress: KeysInProgress::default(),
        country_header: section.country_header.clone(),
        clock,
        entropy,
    };
    let api = Api::new(parts);
    listen_to_hints(&api, keyring.clone());
    tokio::spawn(sweep(keyring));
    Ok(api)
}

fn engine_config(section: &ApiSection) -> EngineConfig {
    let lanes = LanesConfig {
        url: section.database_url.clone(),
        lanes_max: section.posting_connections_max,
        application_name: "tessera posting",
    };
    EngineConfig { lanes, waiting_max: section.posting_waiting_max, batch_max: POSTING_BATCH_MAX }
}

fn quotas(section: &ApiSection) -> Quotas {
    // A second's worth may come at once.
    let quota = |per_second| Quota { per_second, burst: per_second };
    Quotas {
        environment: quota(section.rate_limit_environment_per_second),
        credential: quota(section.rate_limit_credential_per_second),
    }
}

/// Unwrapped keys that nobody asks for any more are dropped when they expire, not when somebody asks again.
async fn sweep(keyring: Keyring) {
    let mut interval = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        interval.tick().await;
        keyring.sweep();
    }
}

/// A hint makes caches forget early; each would by itself within its own bound.
fn listen_to_hints(api: &Api, keyring: Keyring) {
    let (directory, resolver) = (api.directory.clone(), api.resolver.clone());
    let (policies, field_keys) = (api.policies.clone(), api.field_keys.clone());
    api.hints.on(move |hint: &Hint| {
        directory.forget();
        resolver.forget();
        field_keys.forget();
        match hint.environment {
            Some(environment) => {
                policies.invalidate(environment);
                keyring.forget(environment);
            }
            None => policies.invalidate_all(),
        }
    });
}
