//! The lanes there are: made when needed, kept while they are good.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::EnvironmentId;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_postgres::{Config, NoTls, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Lane, LaneError};
use crate::{
    DatabaseError,
    tx::{IDLE_TIMEOUT_MS, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS},
};

/// Longest wait for a free lane.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Longest wait for a connection to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// What every lane runs under. Its statements join arrays to tables by key: a plan that reads a whole table because
/// its statistics are young would be wrong for ever, since a lane plans once.
const PLANNING: &str = "-c search_path=pg_catalog -c plan_cache_mode=force_generic_plan -c enable_hashjoin=off \
    -c enable_mergejoin=off -c enable_seqscan=off -c jit=off";

/// How to reach Postgres.
#[derive(Debug)]
pub struct LanesConfig {
    /// `postgres://user:password@host:port/database`, as for the pool. `sslmode=disable` allows plain text.
    pub url: SecretString,
    /// Most lanes at once.
    pub lanes_max: usize,
    /// Shown in `pg_stat_activity`.
    pub application_name: &'static str,
}

/// A set of lanes; a cheap handle.
#[derive(Clone, Debug)]
pub struct Lanes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    encrypted: bool,
    idle: Mutex<Vec<Lane>>,
    places: Arc<Semaphore>,
    /// How many wait for a lane.
    waiting: AtomicUsize,
}

/// The right to hold a lane.
#[derive(Debug)]
pub(super) struct Place(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// Somebody waits for a lane as long as this lives.
struct InLine<'a>(&'a AtomicUsize);

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// With the limits of every transaction in an environment.
fn options() -> String {
    format!(
        "{PLANNING} -c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} \
         -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}"
    )
}

impl Lanes {
    /// Reads the URL; connects when first used.
    pub fn new(config: &LanesConfig) -> Result<Self, DatabaseError> {
        let wrong = || DatabaseError::Url(sqlx::Error::Configuration("not a Postgres URL".into()));
        let mut url: url::Url = config.url.expose_secret().parse().map_err(|_| wrong())?;
        let plain = url.query_pairs().any(|(name, value)| name == "sslmode" && value == "disable");
        let loopback = matches!(url.host_str(), None | Some("" | "localhost" | "127.0.0.1" | "[::1]"));
        // The pool's other words for the mode are not this driver's.
        url.set_query(None);
        let mut settings: Config = url.as_str().parse().map_err(|_| wrong())?;
        let encrypted = !plain && !loopback;
        settings
            .application_name(config.application_name)
            .options(options())
            .connect_timeout(CONNECT_MAX)
            .ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        Ok(Self(Arc::new(Inner {
            config: settings,
            encrypted,
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(config.lanes_max)),
            waiting: AtomicUsize::new(0),
        })))
    }

    /// A lane, if possible one that knows the environment's statements.
    pub(super) async fn take(&self, environment: EnvironmentId) -> Result<(Place, Lane), LaneError> {
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        let in_line = InLine(&self.0.waiting);
        let place = timeout(WAIT_MAX, Arc::clone(&self.0.places).acquire_owned()).await;
        drop(in_line);
        let place = place.ok().and_then(Result::ok).ok_or(LaneError::Unavailable(None))?;
        match self.idle(environment) {
            Some(lane) => Ok((Place(place), lane)),
            None => Ok((Place(place), self.connect().await?)),
        }
    }

    /// Whether somebody waits for a lane.
    pub(super) fn are_wanted(&self) -> bool {
        self.0.waiting.load(Ordering::Relaxed) > 0
    }

    fn idle(&self, environment: EnvironmentId) -> Option<Lane> {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|lane| !lane.client.is_closed());
        let known = idle.iter().position(|lane| lane.prepared.contains_key(&environment));
        match known {
            Some(index) => Some(idle.swap_remove(index)),
            None => idle.pop(),
        }
    }

    pub(super) fn give_back(&self, lane: Lane) {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
    }

    async fn connect(&self) -> Result<Lane, LaneError> {
        let unavailable = |error| LaneError::Unavailable(Some(error));
        let client = if self.0.encrypted {
            let (client, connection) = self.0.config.connect(tls()?).await.map_err(unavailable)?;
            tokio::spawn(connection);
            client
        } else {
            let (client, connection) = self.0.config.connect(NoTls).await.map_err(unavailable)?;
            tokio::spawn(connection);
            client
        };
        Ok(Lane { client, prepared: std::collections::HashMap::new() })
    }
}

/// Certificates are checked against the machine's own roots.
fn tls() -> Result<MakeRustlsConnect, LaneError> {
    use rustls_platform_verifier::ConfigVerifierExt as _;
    let config = rustls::ClientConfig::with_platform_verifier().map_err(|_| LaneError::Unavailable(None))?;
    Ok(MakeRustlsConnect::new(config))
}
