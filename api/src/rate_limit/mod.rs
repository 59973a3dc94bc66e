//! Rate limits per environment and per credential: GCRA, kept in Redis for all processes together.
//!
//! When Redis does not answer, a limiter of this process takes over and payments go on.

mod local;
mod redis_gcra;

use std::time::Duration;

use kernel::EnvironmentId;

pub use local::LocalLimiter;
pub use redis_gcra::RedisLimiter;

/// How many requests a subject may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Sustained rate.
    pub per_second: u32,
    /// How many may come at once.
    pub burst: u32,
}

/// The limits of a process.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// For all credentials of an environment together.
    pub environment: Quota,
    /// For each credential.
    pub credential: Quota,
}

/// The outcome of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allowed,
    /// Come back after this long.
    Limited(Duration),
}

/// Asks Redis, or the local limiter while Redis is away.
#[derive(Debug)]
pub struct RateLimiter {
    shared: Option<RedisLimiter>,
    local: LocalLimiter,
}

impl RateLimiter {
    /// With `redis` the limits hold over all processes; without, over this one.
    pub fn new(quotas: Quotas, redis: Option<redis::Client>) -> Self {
        Self { shared: redis.map(|client| RedisLimiter::new(client, quotas)), local: LocalLimiter::new(quotas) }
    }

    /// Counts one request of `credential` (its kind and id) in `environment`.
    pub async fn check(&self, environment: EnvironmentId, credential: &str) -> Verdict {
        if let Some(shared) = &self.shared
            && let Some(verdict) = shared.check(environment, credential).await
        {
            return verdict;
        }
        self.local.check(environment, credential)
    }
}
