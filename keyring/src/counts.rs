//! How many values each data key has sealed in this process. The counts outlive the cache entries,
//! so a key that is fetched again goes on counting where it was.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use kernel::DataKeyId;

/// Counters kept at most.
const COUNTERS_MAX: usize = 65_536;

#[derive(Default)]
pub(crate) struct MessageCounts {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counters: HashMap<DataKeyId, Arc<AtomicU64>>,
    /// The highest count ever dropped. New counters start here: a key that comes back after its
    /// counter was dropped may be counted too high, never too low.
    floor: u64,
}

impl MessageCounts {
    pub(crate) fn counter(&self, data_key: DataKeyId) -> Arc<AtomicU64> {
        self.counter_within(data_key, COUNTERS_MAX)
    }

    fn counter_within(&self, data_key: DataKeyId, counters_max: usize) -> Arc<AtomicU64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = state.counters.get(&data_key) {
            return Arc::clone(counter);
        }
        if state.counters.len() >= counters_max {
            state.drop_smallest();
        }
        let counter = Arc::new(AtomicU64::new(state.floor));
        state.counters.insert(data_key, Arc::clone(&counter));
        counter
    }
}

impl State {
    fn drop_smallest(&mut self) {
        // A counter somebody still holds must stay, or its further messages would be lost.
        let smallest = self
            .counters
            .iter()
            .filter(|(_, counter)| Arc::strong_count(counter) == 1)
            .map(|(id, counter)| (*id, counter.load(Ordering::Relaxed)))
            .min_by_key(|(_, count)| *count);
        if let Some((id, count)) = smallest {
            self.floor = self.floor.max(count);
            self.counters.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{FixedClock, SeededEntropy};

    use super::*;

    #[test]
    fn a_dropped_counter_never_comes_back_lower() {
        let (clock, entropy) = (FixedClock::new(1), SeededEntropy::new(1));
        let [first, second, third] = [0; 3].map(|_| DataKeyId::generate(&clock, &entropy));
        let counts = MessageCounts::default();
        counts.counter_within(first, 2).store(7, Ordering::Relaxed);
        counts.counter_within(second, 2).store(900, Ordering::Relaxed);
        assert_eq!(counts.counter_within(third, 2).load(Ordering::Relaxed), 7, "starts at the dropped count");
        assert_eq!(counts.counter_within(second, 2).load(Ordering::Relaxed), 900);
        assert!(counts.counter_within(first, 2).load(Ordering::Relaxed) >= 7);
    }

    #[test]
    fn a_counter_in_use_is_not_dropped() {
        let (clock, entropy) = (FixedClock::new(1), SeededEntropy::new(2));
        let [first, second] = [0; 2].map(|_| DataKeyId::generate(&clock, &entropy));
        let counts = MessageCounts::default();
        let held = counts.counter_within(first, 1);
        counts.counter_within(second, 1);
        held.store(5, Ordering::Relaxed);
        assert_eq!(counts.counter_within(first, 1).load(Ordering::Relaxed), 5);
    }
}
