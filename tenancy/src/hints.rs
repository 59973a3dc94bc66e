//! Hints between processes: something changed, drop what you remember of it.
//!
//! They travel by Redis pub/sub and only make caches forget earlier; the short times to live are the
//! truth. Without Redis, or while it is away, everything works and reacts within those times.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures::StreamExt as _;
use kernel::{EnvironmentId, TenantId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, info, warn};

/// The Redis channel of all hints.
const CHANNEL: &str = "tessera:hints";
/// Longest message that is read at all, in bytes.
const MESSAGE_BYTES_MAX: usize = 1_024;
/// Longest wait for Redis to take a hint: whoever publishes has already committed and should answer.
const PUBLISH_TIMEOUT: Duration = Duration::from_millis(250);
/// Pauses between attempts to reach Redis: doubled from the first to the last.
const RECONNECT_PAUSE_MIN: Duration = Duration::from_millis(100);
const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(10);

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintKind {
    /// A tenant or its environments: activated, suspended, resumed, offboarded.
    Tenant,
    /// A KMS key or data keys of an environment.
    Key,
    /// Roles or rules of an environment.
    Policy,
    /// Members or API keys of an environment.
    Member,
    /// A registered issuer.
    Issuer,
    /// The connection was lost: anything may have changed meanwhile. Made in this process only.
    #[serde(skip)]
    Missed,
}

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// What.
    pub kind: HintKind,
    /// In which environment, if only one is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentId>,
    /// In which tenant, if only one is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
}

impl Hint {
    /// Something changed in one environment.
    pub const fn environment(kind: HintKind, environment: EnvironmentId) -> Self {
        Self { kind, environment: Some(environment), tenant: None }
    }

    /// Something changed in a whole tenant.
    pub const fn tenant(kind: HintKind, tenant: TenantId) -> Self {
        Self { kind, environment: None, tenant: Some(tenant) }
    }

    /// Something changed that is not one tenant's.
    pub const fn everywhere(kind: HintKind) -> Self {
        Self { kind, environment: None, tenant: None }
    }

    /// The hint in a message; anything else is ignored, so that a newer process may say more.
    fn parse(message: &[u8]) -> Option<Self> {
        (message.len() <= MESSAGE_BYTES_MAX).then(|| serde_json::from_slice(message).ok()).flatten()
    }
}

/// The Redis URL does not parse.
#[derive(Debug, Error)]
#[error("the Redis URL is not valid: expected redis://[user:password@]host:port")]
pub struct HintsError(#[source] redis::RedisError);

type Listener = Arc<dyn Fn(&Hint) + Send + Sync>;

/// Sends hints and passes them on to the listeners of this process.
#[derive(Clone)]
pub struct Hints {
    listeners: Arc<Listeners>,
    redis: Option<Arc<Connection>>,
}

#[derive(Default)]
struct Listeners(RwLock<Vec<Listener>>);

struct Connection {
    client: redis::Client,
    publisher: tokio::sync::OnceCell<redis::aio::ConnectionManager>,
    _subscriber: AbortOnDropHandle<()>,
}

impl Hints {
    /// Starts listening in a task of its own (call it inside a Tokio runtime) and does not wait for Redis. Without a
    /// URL hints stay in this process.
    pub fn connect(redis_url: Option<&str>) -> Result<Self, HintsError> {
        let listeners = Arc::new(Listeners::default());
        let Some(url) = redis_url else { return Ok(Self { listeners, redis: None }) };
        let client = redis::Client::open(url).map_err(HintsError)?;
        let subscriber = AbortOnDropHandle::new(tokio::spawn(subscribe(client.clone(), Arc::clone(&listeners))));
        let connection = Connection { client, publisher: tokio::sync::OnceCell::new(), _subscriber: subscriber };
        Ok(Self { listeners, redis: Some(Arc::new(connection)) })
    }

    /// Calls `listener` for every hint from now on. It runs in the subscribing task: it must be quick.
    pub fn on(&self, listener: impl Fn(&Hint) + Send + Sync + 'static) {
        self.listeners.0.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(listener));
    }

    /// Tells this process at once and the others if Redis takes it in time. Call it after the commit. It cannot
    /// fail: a lost hint only means that the others notice when their times to live end.
    pub async fn publish(&self, hint: &Hint) {
        self.listeners.tell(hint);
        let Some(connection) = &self.redis else { return };
        match timeout(PUBLISH_TIMEOUT, connection.publish(hint)).await {
            Ok(Ok(())) => debug!(?hint, "hint published"),
            Ok(Err(error)) => warn!(?hint, %error, "hint not published"),
            Err(_) => warn!(?hint, "hint not published: Redis did not answer in time"),
        }
    }
}

impl Connection {
    async fn publish(&self, hint: &Hint) -> redis::RedisResult<()> {
        let message = serde_json::to_string(hint)
            .map_err(|error| redis::RedisError::from((redis::ErrorKind::Client, "hint", error.to_string())))?;
        let manager = self.publisher.get_or_try_init(|| self.client.get_connection_manager()).await?;
        redis::cmd("PUBLISH").arg(CHANNEL).arg(message).exec_async(&mut manager.clone()).await
    }
}

impl Listeners {
    fn tell(&self, hint: &Hint) {
        // Copied out, so that a listener may add another.
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            listener(hint);
        }
    }
}

/// Listens for ever. After every loss the listeners hear that they may have missed something.
async fn subscribe(client: redis::Client, listeners: Arc<Listeners>) {
    let mut pause = RECONNECT_PAUSE_MIN;
    loop {
        match client.get_async_pubsub().await {
            Ok(mut subscription) => match subscription.subscribe(CHANNEL).await {
                Ok(()) => {
                    info!("listening for hints");
                    pause = RECONNECT_PAUSE_MIN;
                    listeners.tell(&Hint::everywhere(HintKind::Missed));
                    let mut messages = subscription.on_message();
                    while let Some(message) = messages.next().await {
                        if let Some(hint) = Hint::parse(message.get_payload_bytes()) {
                            listeners.tell(&hint);
                        }
                    }
                    warn!("the connection for hints was lost");
                }
                Err(error) => warn!(%error, "cannot subscribe to hints"),
            },
            Err(error) => warn!(%error, retry_in_ms = pause.as_millis(), "cannot reach Redis for hints"),
        }
        sleep(pause).await;
        pause = pause.saturating_mul(2).min(RECONNECT_PAUSE_MAX);
    }
}

impl fmt::Debug for Hints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hints").field("redis", &self.redis.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use kernel::{FixedClock, SeededEntropy};

    use super::*;

    #[test]
    fn a_hint_survives_the_trip_and_anything_else_is_ignored() {
        let environment = EnvironmentId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(1));
        let hint = Hint::environment(HintKind::Policy, environment);
        let text = serde_json::to_string(&hint).unwrap();
        assert_eq!(text, format!("{{\"kind\":\"policy\",\"environment\":\"{environment}\"}}"));
        assert_eq!(Hint::parse(text.as_bytes()), Some(hint));
        assert_eq!(Hint::parse(b"{\"kind\":\"issuer\"}"), Some(Hint::everywhere(HintKind::Issuer)));
        let long = format!("{{\"kind\":\"issuer\",\"x\":\"{}\"}}", "x".repeat(MESSAGE_BYTES_MAX));
        for other in ["", "[]", "{}", "{\"kind\":\"missed\"}", "{\"kind\":\"new\"}", long.as_str()] {
            assert_eq!(Hint::parse(other.as_bytes()), None, "{other:.40}");
        }
    }

    #[tokio::test]
    async fn without_redis_the_own_process_still_hears() {
        let hints = Hints::connect(None).unwrap();
        let heard = Arc::new(RwLock::new(Vec::new()));
        let ear = Arc::clone(&heard);
        hints.on(move |hint| ear.write().unwrap().push(*hint));
        hints.publish(&Hint::everywhere(HintKind::Issuer)).await;
        assert_eq!(*heard.read().unwrap(), [Hint::everywhere(HintKind::Issuer)]);
    }
}
