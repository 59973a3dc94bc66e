//! The shared limiter: one Lua call to Redis per request.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use aws_lc_rs::digest;
use kernel::EnvironmentId;
use redis::{Script, aio::MultiplexedConnection};
use tokio::sync::RwLock;

use super::{Quota, Quotas, Verdict};

/// Longest wait for Redis before the local limiter decides.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(50);
/// How long Redis is left alone after it failed, in milliseconds.
const REST_MS: i64 = 1_000;

/// Talks to Redis over one multiplexed connection and rests after a failure.
pub struct RedisLimiter {
    client: redis::Client,
    connection: RwLock<Option<MultiplexedConnection>>,
    script: Script,
    quotas: Quotas,
    started: Instant,
    /// Milliseconds after `started` until which Redis is not asked.
    rests_until_ms: AtomicI64,
}

impl std::fmt::Debug for RedisLimiter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RedisLimiter").field("quotas", &self.quotas).finish_non_exhaustive()
    }
}

/// Microseconds between two requests at the sustained rate, and how far ahead of it a burst may run.
fn interval_and_tolerance(quota: Quota) -> (u64, u64) {
    let interval = 1_000_000 / u64::from(quota.per_second.max(1));
    (interval, interval * u64::from(quota.burst.saturating_sub(1)))
}

/// A subject may be a person's: the key carries a hash of it.
fn credential_key(environment: EnvironmentId, credential: &str) -> String {
    let hash = digest::digest(&digest::SHA256, credential.as_bytes());
    let short = hex::encode(hash.as_ref().get(..12).unwrap_or_default());
    format!("tessera:{{{environment}}}:rate:{short}")
}

impl RedisLimiter {
    /// Connects when first asked.
    pub fn new(client: redis::Client, quotas: Quotas) -> Self {
        Self {
            client,
            connection: RwLock::new(None),
            script: Script::new(include_str!("gcra.lua")),
            quotas,
            started: Instant::now(),
            rests_until_ms: AtomicI64::new(0),
        }
    }

    /// Counts one request, or `None` when Redis does not answer.
    pub async fn check(&self, environment: EnvironmentId, credential: &str) -> Option<Verdict> {
        if self.elapsed_ms() < self.rests_until_ms.load(Ordering::Relaxed) {
            return None;
        }
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.ask(environment, credential)).await;
        match answer {
            Ok(Ok(..0)) => Some(Verdict::Allowed),
            Ok(Ok(wait_us)) => Some(Verdict::Limited(Duration::from_micros(wait_us.unsigned_abs()))),
            Ok(Err(error)) => self.rest(&error.to_string()).await,
            Err(_) => self.rest("no answer in time").await,
        }
    }

    fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    async fn rest(&self, reason: &str) -> Option<Verdict> {
        tracing::warn!(reason, "Redis does not answer: the local rate limiter takes over");
        self.rests_until_ms.store(self.elapsed_ms().saturating_add(REST_MS), Ordering::Relaxed);
        // A reply still under way must not meet the next request.
        *self.connection.write().await = None;
        None
    }

    async fn connection(&self) -> Result<MultiplexedConnection, redis::RedisError> {
        if let Some(connection) = self.connection.read().await.as_ref() {
            return Ok(connection.clone());
        }
        let fresh = self.client.get_multiplexed_async_connection().await?;
        Ok(self.connection.write().await.get_or_insert(fresh).clone())
    }

    async fn ask(&self, environment: EnvironmentId, credential: &str) -> Result<i64, redis::RedisError> {
        let mut connection = self.connection().await?;
        let (credential_interval, credential_tolerance) = interval_and_tolerance(self.quotas.credential);
        let (environment_interval, environment_tolerance) = interval_and_tolerance(self.quotas.environment);
        self.script
            .key(credential_key(environment, credential))
            .key(format!("tessera:{{{environment}}}:rate"))
            .arg(credential_interval)
            .arg(credential_tolerance)
            .arg(environment_interval)
            .arg(environment_tolerance)
            .invoke_async(&mut connection)
            .await
    }
}
