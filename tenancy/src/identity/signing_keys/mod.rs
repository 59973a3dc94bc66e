//! The keys issuers publish, remembered per issuer and key id.
//!
//! A set is used for its time to live, whatever becomes of the provider meanwhile, and not a moment
//! longer. In the last fifth of that time it is asked for in the background. A key id the set lacks
//! makes the provider be asked again, but at most once per interval and issuer however many tokens
//! carry one, because anybody can make those up.

mod issuer_keys;
mod issuer_url;
mod key;
mod provider;

use std::{fmt, sync::Arc, time::Duration as StdDuration};

use jsonwebtoken::{Algorithm, crypto::aws_lc};
use kernel::Clock;
use moka::future::Cache;
use thiserror::Error;
use time::Duration;
use tracing::{info, warn};

use provider::ProviderClient;

pub(crate) use issuer_keys::IssuerKeys;
pub use issuer_url::{IssuerUrl, IssuerUrlError};
pub(crate) use key::SigningKey;
pub use provider::ProviderError;

use super::{
    config::{IdentityConfig, IdentityConfigError},
    refusal::CredentialRefusal,
};
use issuer_keys::{Lookup, Permission};

/// Most issuers remembered at once.
const ISSUERS_MAX: u64 = 10_000;
/// An issuer nobody asks for is forgotten after this long.
const IDLE_MAX: StdDuration = StdDuration::from_hours(24);
/// Shortest time between two attempts to reach a provider whose keys are not at hand, at most.
const RETRY_INTERVAL_MAX: Duration = Duration::seconds(5);

/// Why there can be no key sets.
#[derive(Debug, Error)]
pub enum KeySetsError {
    /// A setting is out of its range.
    #[error(transparent)]
    Config(#[from] IdentityConfigError),
    /// The HTTP client cannot be made.
    #[error("cannot make the HTTP client for identity providers")]
    Client(#[source] reqwest::Error),
}

/// The published keys of all issuers. Clones share them.
#[derive(Clone)]
pub struct KeySets {
    client: ProviderClient,
    clock: Arc<dyn Clock>,
    times: Times,
    issuers: Cache<String, Arc<IssuerKeys>>,
}

/// How long a set is used and how often a provider is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) ttl: Duration,
    pub(super) refetch_interval: Duration,
    pub(super) retry_interval: Duration,
}

impl KeySets {
    /// Asks nobody yet.
    pub fn new(config: &IdentityConfig, clock: Arc<dyn Clock>) -> Result<Self, KeySetsError> {
        config.validate()?;
        // The JWT library picks its cryptography by Cargo features and panics on its first use if a dependency
        // has switched on a second one. Said aloud it cannot; whoever said it earlier said the same.
        let _already_installed = aws_lc::DEFAULT_PROVIDER.install_default();
        let refetch_interval = config.jwks_refetch_interval();
        let times = Times {
            ttl: config.jwks_ttl(),
            refetch_interval,
            retry_interval: refetch_interval.min(RETRY_INTERVAL_MAX),
        };
        let client = ProviderClient::try_new(config.allow_http_issuers).map_err(KeySetsError::Client)?;
        let issuers = Cache::builder().max_capacity(ISSUERS_MAX).time_to_idle(IDLE_MAX).build();
        Ok(Self { client, clock, times, issuers })
    }

    /// Asks a provider whether it can be used: finds its keys and answers how many there are. Remembers nothing.
    pub async fn probe(&self, issuer: &IssuerUrl) -> Result<usize, ProviderError> {
        let jwks_uri = self.client.discover(issuer.as_str()).await?;
        Ok(self.client.signing_keys(jwks_uri).await?.len())
    }

    /// Takes a key set already in hand as if the issuer had just been asked.
    pub async fn seed(&self, issuer: &IssuerUrl, document: &[u8]) -> Result<usize, ProviderError> {
        let keys = provider::parse_set(document)?;
        let count = keys.len();
        self.of(issuer.as_str()).await.accept(keys, self.clock.now());
        Ok(count)
    }

    /// Everything remembered of one issuer. Only registered issuers get here.
    pub(super) async fn of(&self, issuer: &str) -> Arc<IssuerKeys> {
        if let Some(keys) = self.issuers.get(issuer).await {
            return keys;
        }
        self.issuers.get_with_by_ref(issuer, async { Arc::new(IssuerKeys::new(issuer)) }).await
    }

    /// The key of this id that fits the algorithm.
    pub(super) async fn key(
        &self,
        issuer: &Arc<IssuerKeys>,
        key_id: &str,
        algorithm: Algorithm,
    ) -> Result<Arc<SigningKey>, CredentialRefusal> {
        // Twice, because the run that is shared may have been started for another key id.
        for _ in 0..2 {
            match issuer.find(key_id, algorithm, self.clock.now(), self.times) {
                Lookup::Found(key) => return Ok(key),
                Lookup::FoundAging(key) => {
                    self.fetch_ahead(issuer);
                    return Ok(key);
                }
                Lookup::NotThere | Lookup::NoSet => self.fetch(issuer, key_id, algorithm).await,
            }
        }
        match issuer.find(key_id, algorithm, self.clock.now(), self.times) {
            Lookup::Found(key) | Lookup::FoundAging(key) => Ok(key),
            Lookup::NotThere => Err(CredentialRefusal::UnknownSigningKey),
            Lookup::NoSet => Err(CredentialRefusal::IdentityProviderUnavailable),
        }
    }

    /// Whether the key is still published, as far as is known now. Waits for nobody.
    pub(super) fn still_holds(&self, issuer: &Arc<IssuerKeys>, key: &SigningKey) -> bool {
        match issuer.find_again(key, self.clock.now(), self.times) {
            Lookup::Found(_) => true,
            Lookup::FoundAging(_) => {
                self.fetch_ahead(issuer);
                true
            }
            Lookup::NotThere | Lookup::NoSet => false,
        }
    }

    async fn fetch(&self, issuer: &Arc<IssuerKeys>, key_id: &str, algorithm: Algorithm) {
        let (sets, keys, key_id) = (self.clone(), Arc::clone(issuer), key_id.to_owned());
        let run = issuer.flight().run(async move {
            let now = sets.clock.now();
            // Somebody else's run may have brought it meanwhile.
            let permission = match keys.find(&key_id, algorithm, now, sets.times) {
                Lookup::Found(_) | Lookup::FoundAging(_) => return,
                Lookup::NotThere => keys.permit_for_unknown(now, sets.times),
                Lookup::NoSet => keys.permit_for_missing(now, sets.times),
            };
            if permission == Permission::Granted {
                sets.ask(&keys).await;
            }
        });
        if let Err(error) = run.await {
            warn!(issuer = issuer.url(), %error, "a request for signing keys was aborted");
        }
    }

    fn fetch_ahead(&self, issuer: &Arc<IssuerKeys>) {
        if issuer.permit_ahead(self.clock.now(), self.times) != Permission::Granted {
            return;
        }
        let (sets, keys) = (self.clone(), Arc::clone(issuer));
        tokio::spawn(async move {
            let asked = Arc::clone(&keys);
            let run = keys.flight().run(async move { sets.ask(&asked).await });
            if let Err(error) = run.await {
                warn!(issuer = keys.url(), %error, "a request for signing keys was aborted");
            }
        });
    }

    /// Asks the provider. If it fails, what is remembered stays as it is.
    async fn ask(&self, issuer: &IssuerKeys) {
        let asked_at = self.clock.now();
        match self.ask_provider(issuer).await {
            Ok(keys) => {
                info!(issuer = issuer.url(), keys = keys.len(), "signing keys fetched");
                issuer.accept(keys, asked_at);
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                warn!(issuer = issuer.url(), error, "signing keys not fetched");
                issuer.failed(asked_at);
            }
        }
    }

    async fn ask_provider(&self, issuer: &IssuerKeys) -> Result<Vec<Arc<SigningKey>>, ProviderError> {
        let jwks_uri = self.client.discover(issuer.url()).await?;
        self.client.signing_keys(jwks_uri).await
    }
}

impl fmt::Debug for KeySets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeySets").field("times", &self.times).finish_non_exhaustive()
    }
}
