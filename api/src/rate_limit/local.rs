//! The limiter of one process, for when Redis is away.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota as GovernorQuota, RateLimiter as Governor,
    clock::{Clock as _, DefaultClock},
};
use kernel::EnvironmentId;

use super::{Quota, Quotas, Verdict};

/// Above this many keys the idle ones are dropped before a new one is counted.
const KEYS_MAX: usize = 50_000;

/// Keeps one cell per environment and one per credential.
#[derive(Debug)]
pub struct LocalLimiter {
    environments: DefaultKeyedRateLimiter<EnvironmentId>,
    credentials: DefaultKeyedRateLimiter<(EnvironmentId, String)>,
}

fn governor_quota(quota: Quota) -> GovernorQuota {
    let per_second = NonZeroU32::new(quota.per_second).unwrap_or(NonZeroU32::MIN);
    let burst = NonZeroU32::new(quota.burst).unwrap_or(NonZeroU32::MIN);
    GovernorQuota::per_second(per_second).allow_burst(burst)
}

fn counted<K: std::hash::Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Option<Duration> {
    if limiter.len() > KEYS_MAX {
        limiter.retain_recent();
    }
    limiter.check_key(key).err().map(|refusal| refusal.wait_time_from(DefaultClock::default().now()))
}

impl LocalLimiter {
    /// Starts with full quotas.
    pub fn new(quotas: Quotas) -> Self {
        Self {
            environments: Governor::keyed(governor_quota(quotas.environment)),
            credentials: Governor::keyed(governor_quota(quotas.credential)),
        }
    }

    /// Counts one request.
    pub fn check(&self, environment: EnvironmentId, credential: &str) -> Verdict {
        let wait = counted(&self.credentials, &(environment, credential.to_owned()))
            .or_else(|| counted(&self.environments, &environment));
        wait.map_or(Verdict::Allowed, Verdict::Limited)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{FixedClock, SeededEntropy};

    use super::*;

    #[test]
    fn one_credential_is_stopped_before_it_uses_up_its_environment() {
        let quotas =
            Quotas { environment: Quota { per_second: 1, burst: 4 }, credential: Quota { per_second: 1, burst: 2 } };
        let limiter = LocalLimiter::new(quotas);
        let environment = EnvironmentId::generate(&FixedClock::new(1), &SeededEntropy::new(1));
        let allowed = |credential| limiter.check(environment, credential) == Verdict::Allowed;
        assert!(allowed("a") && allowed("a") && !allowed("a"));
        assert!(allowed("b") && allowed("b"));
        assert!(!allowed("c"), "the environment's own quota is used up");
    }
}
