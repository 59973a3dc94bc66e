//! Time limits, repeats with jitter, and a breaker around a provider.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kernel::{Clock, Entropy};
use time::OffsetDateTime;

use super::KeyProvider;
use crate::KeyringError;

/// Calls that change a key may be several requests, one of them a search: this many times as long.
const CHANGE_TIME_FACTOR: u32 = 10;
/// Attempts of one call.
const ATTEMPTS_MAX: u32 = 3;
/// The longest pause before the second attempt; doubled for the third.
const PAUSE_MS_MAX: u64 = 100;
/// Failed calls in a row that open the breaker.
const FAILURES_MAX: u32 = 5;
/// How long an open breaker answers at once, before one call may try again.
const OPEN_SECONDS: i64 = 5;

/// A provider and what protects it from us, and us from it.
pub(crate) struct Guard {
    provider: Arc<dyn KeyProvider>,
    breaker: Mutex<Breaker>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    attempt_time_max: Duration,
}

#[derive(Default)]
struct Breaker {
    failures: u32,
    open_until: Option<OffsetDateTime>,
}

impl Guard {
    pub(crate) fn new(
        provider: Arc<dyn KeyProvider>,
        attempt_time_max: Duration,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { provider, breaker: Mutex::default(), clock, entropy, attempt_time_max }
    }

    pub(crate) fn provider(&self) -> &dyn KeyProvider {
        self.provider.as_ref()
    }

    /// Runs a call that may be repeated, and is while the provider does not answer.
    pub(crate) async fn call<T, Attempt>(&self, attempt: impl Fn() -> Attempt) -> Result<T, KeyringError>
    where
        Attempt: Future<Output = Result<T, KeyringError>>,
    {
        self.admit()?;
        let mut outcome = self.attempt(self.attempt_time_max, &attempt).await;
        for number in 1..ATTEMPTS_MAX {
            if !matches!(&outcome, Err(error) if error.is_transient()) {
                break;
            }
            tokio::time::sleep(self.pause(number)).await;
            outcome = self.attempt(self.attempt_time_max, &attempt).await;
        }
        self.note(&outcome);
        outcome
    }

    /// Runs a call once: one that changes the key, and whose caller repeats it after looking at the state.
    pub(crate) async fn call_once<T, Attempt>(&self, attempt: impl Fn() -> Attempt) -> Result<T, KeyringError>
    where
        Attempt: Future<Output = Result<T, KeyringError>>,
    {
        self.admit()?;
        let outcome = self.attempt(self.attempt_time_max.saturating_mul(CHANGE_TIME_FACTOR), &attempt).await;
        self.note(&outcome);
        outcome
    }

    async fn attempt<T, Attempt>(&self, time_max: Duration, attempt: &impl Fn() -> Attempt) -> Result<T, KeyringError>
    where
        Attempt: Future<Output = Result<T, KeyringError>>,
    {
        tokio::time::timeout(time_max, attempt())
            .await
            .unwrap_or_else(|_| Err(KeyringError::unavailable(self.provider.kind(), "no answer in time")))
    }

    /// Anything up to the longest pause, so that callers who failed together do not return together.
    fn pause(&self, number: u32) -> Duration {
        let longest = PAUSE_MS_MAX << number.saturating_sub(1);
        let mut random = [0_u8; 8];
        self.entropy.fill(&mut random);
        Duration::from_millis(u64::from_be_bytes(random) % longest)
    }

    /// Refuses at once while the breaker is open; lets one call through when its time is over.
    fn admit(&self) -> Result<(), KeyringError> {
        let now = self.clock.now();
        let mut breaker = self.lock();
        match breaker.open_until {
            Some(until) if now < until => Err(KeyringError::unavailable(
                self.provider.kind(),
                "it failed repeatedly and is left alone for a moment",
            )),
            Some(_) => {
                breaker.open_until = Some(now + time::Duration::seconds(OPEN_SECONDS));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn note<T>(&self, outcome: &Result<T, KeyringError>) {
        let now = self.clock.now();
        let mut breaker = self.lock();
        match outcome {
            Err(error) if error.is_transient() => {
                breaker.failures = breaker.failures.saturating_add(1);
                if breaker.failures >= FAILURES_MAX {
                    if breaker.open_until.is_none() {
                        tracing::warn!(provider = %self.provider.kind(), %error, "key service left alone after repeated failures");
                    }
                    breaker.open_until = Some(now + time::Duration::seconds(OPEN_SECONDS));
                }
            }
            _ => *breaker = Breaker::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
