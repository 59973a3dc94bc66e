//! Unwrapped data keys in memory: bounded, expiring, counted, one fetch in flight per key.
//!
//! Entries are dropped, and with that zeroised, the moment they leave: no background reclamation.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use kernel::{Clock, EnvironmentId};
use time::{Duration, OffsetDateTime};
use tracing::Instrument;

use crate::{
    KeyContext, KeyringError, KeyringLimits, ProviderKind,
    field_keys::{FieldKey, IndexKey},
};

/// A data key ready for its purpose.
#[derive(Clone)]
pub(crate) enum UnwrappedKey {
    Field(Arc<FieldKey>),
    Index(Arc<IndexKey>),
}

/// Whether handing a key out counts towards its uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandOut {
    ForSealing,
    ForReading,
}

type Fetched = Result<UnwrappedKey, KeyringError>;
type SharedFetch = Shared<BoxFuture<'static, Fetched>>;

pub(crate) struct DataKeyCache {
    shared: Arc<CacheShared>,
}

struct CacheShared {
    state: Mutex<State>,
    limits: KeyringLimits,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    ready: HashMap<KeyContext, Entry>,
    in_flight: HashMap<KeyContext, InFlight>,
    /// Numbers hand-outs (for dropping the least recently used) and fetches.
    ticks: u64,
}

struct Entry {
    key: UnwrappedKey,
    fetched_at: OffsetDateTime,
    uses: u64,
    last_used: u64,
}

struct InFlight {
    number: u64,
    fetch: SharedFetch,
}

impl DataKeyCache {
    pub(crate) fn new(limits: KeyringLimits, clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(CacheShared { state: Mutex::default(), limits, clock }) }
    }

    /// The key from memory, or from `fetch`; callers that come while a fetch runs share its outcome.
    pub(crate) async fn get<F, Fetch>(
        &self,
        context: KeyContext,
        purpose: HandOut,
        provider: ProviderKind,
        fetch: F,
    ) -> Fetched
    where
        F: FnOnce() -> Fetch,
        Fetch: Future<Output = Fetched> + Send + 'static,
    {
        let waiting = {
            let mut state = self.shared.lock();
            if let Some(key) = self.shared.take_ready(&mut state, &context, purpose) {
                return Ok(key);
            }
            match state.in_flight.get(&context) {
                Some(running) => running.fetch.clone(),
                None => self.start(&mut state, context, provider, fetch()),
            }
        };
        let key = waiting.await?;
        if purpose == HandOut::ForSealing
            && let Some(entry) = self.shared.lock().ready.get_mut(&context)
        {
            entry.uses = entry.uses.saturating_add(1);
        }
        Ok(key)
    }

    /// Runs the fetch in a task of its own, so that a caller who hangs up does not take it away from the others.
    fn start<Fetch>(&self, state: &mut State, context: KeyContext, provider: ProviderKind, fetch: Fetch) -> SharedFetch
    where
        Fetch: Future<Output = Fetched> + Send + 'static,
    {
        let number = state.tick();
        let shared = Arc::clone(&self.shared);
        // Taken before the call: an entry lives its time from when the provider was asked.
        let fetched_at = shared.clock.now();
        let task = tokio::spawn(
            async move {
                let fetched = fetch.await;
                shared.finish(&context, number, fetched_at, &fetched);
                fetched
            }
            .in_current_span(),
        );
        let cleanup = Arc::clone(&self.shared);
        let fetch = async move {
            if let Ok(fetched) = task.await {
                return fetched;
            }
            let failed = Err(KeyringError::unavailable(provider, "the request was broken off"));
            cleanup.finish(&context, number, fetched_at, &failed);
            failed
        }
        .boxed()
        .shared();
        state.in_flight.insert(context, InFlight { number, fetch: fetch.clone() });
        fetch
    }

    /// Drops every key of an environment at once. A fetch under way still answers its callers but is not kept.
    pub(crate) fn forget(&self, environment: EnvironmentId) {
        let mut state = self.shared.lock();
        state.ready.retain(|context, _| context.environment != environment);
        state.in_flight.retain(|context, _| context.environment != environment);
    }

    /// Drops what has expired.
    pub(crate) fn sweep(&self) {
        let now = self.shared.clock.now();
        let limits = &self.shared.limits;
        self.shared.lock().ready.retain(|_, entry| entry.is_fresh(now, limits));
    }
}

impl CacheShared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry if it may still be handed out; drops it otherwise.
    fn take_ready(&self, state: &mut State, context: &KeyContext, purpose: HandOut) -> Option<UnwrappedKey> {
        let now = self.clock.now();
        let tick = state.tick();
        let entry = state.ready.get_mut(context)?;
        let used_up = purpose == HandOut::ForSealing && entry.uses >= self.limits.uses_max;
        if used_up || !entry.is_fresh(now, &self.limits) {
            state.ready.remove(context);
            return None;
        }
        entry.last_used = tick;
        if purpose == HandOut::ForSealing {
            entry.uses = entry.uses.saturating_add(1);
        }
        Some(entry.key.clone())
    }

    fn finish(&self, context: &KeyContext, number: u64, fetched_at: OffsetDateTime, fetched: &Fetched) {
        let now = self.clock.now();
        let mut state = self.lock();
        // Not ours any more: the environment was forgotten while the provider answered.
        if state.in_flight.get(context).is_none_or(|running| running.number != number) {
            return;
        }
        state.in_flight.remove(context);
        let Ok(key) = fetched else { return };
        state.ready.retain(|_, entry| entry.is_fresh(now, &self.limits));
        while state.ready.len() >= self.limits.entries_max && state.drop_least_recently_used() {}
        let last_used = state.tick();
        state.ready.insert(*context, Entry { key: key.clone(), fetched_at, uses: 0, last_used });
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.ticks = self.ticks.wrapping_add(1);
        self.ticks
    }

    /// A scan, but only behind a call to the provider, which takes a thousand times as long.
    fn drop_least_recently_used(&mut self) -> bool {
        let oldest = self.ready.iter().min_by_key(|(_, entry)| entry.last_used).map(|(context, _)| *context);
        oldest.is_some_and(|context| self.ready.remove(&context).is_some())
    }
}

impl Entry {
    /// A clock that went backwards makes an entry stale, never immortal.
    fn is_fresh(&self, now: OffsetDateTime, limits: &KeyringLimits) -> bool {
        let age = now - self.fetched_at;
        age >= Duration::ZERO && age < limits.ttl
    }
}
