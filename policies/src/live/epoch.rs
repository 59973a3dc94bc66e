//! Counts the hints that policies may have changed. Environments share a fixed number of counters,
//! so a hint needs neither lock nor memory; one for a neighbour costs a needless look at the
//! revision, no more.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
};

use kernel::EnvironmentId;

/// How many environments share one hint at most: all of them divided by this.
const COUNTERS: u128 = 1_024;

/// The counters.
pub(super) struct Epochs {
    counters: Box<[AtomicU64]>,
    all: AtomicU64,
}

impl Default for Epochs {
    fn default() -> Self {
        let counters: [AtomicU64; 1_024] = array::from_fn(|_| AtomicU64::new(0));
        Self { counters: Box::new(counters), all: AtomicU64::new(0) }
    }
}

impl Epochs {
    /// What was read at another epoch than this is out of date.
    pub(super) fn current(&self, environment: EnvironmentId) -> u64 {
        let own = self.counter(environment).map_or(0, |counter| counter.load(Ordering::Acquire));
        // Neither counter ever falls, so their sum changes whenever one of them does.
        own.wrapping_add(self.all.load(Ordering::Acquire))
    }

    /// The environment's policies may have changed.
    pub(super) fn advance(&self, environment: EnvironmentId) {
        if let Some(counter) = self.counter(environment) {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Anybody's policies may have changed.
    pub(super) fn advance_all(&self) {
        self.all.fetch_add(1, Ordering::AcqRel);
    }

    fn counter(&self, environment: EnvironmentId) -> Option<&AtomicU64> {
        // The low bits of an identifier are its random ones.
        let position = environment.as_uuid().as_u128() % COUNTERS;
        usize::try_from(position).ok().and_then(|position| self.counters.get(position))
    }
}
