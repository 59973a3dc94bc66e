//! What one run gave.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::cost::Cost;

/// Longest latency told apart; a longer one counts as this.
const LATENCY_US_MAX: u64 = 60_000_000;

/// The result of one run, also what a peer's program prints, one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The ledger measured.
    pub subject: String,
    /// How transfers were spread over accounts.
    pub load: String,
    /// How many calls were under way at once.
    pub in_flight: usize,
    /// How many transfers one call carried.
    pub per_call: usize,
    /// Acknowledged transfers per second of the measured time.
    pub transfers_per_second: u64,
    /// From a call to its answer.
    pub latency: Latency,
    /// What the server spent; nothing where that cannot be seen.
    pub cost: Option<CostPerTransfer>,
    /// Acknowledged transfers of the whole run, warm-up included: as many rows were found.
    pub acknowledged: u64,
}

/// Microseconds that so many of a hundred calls did not exceed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of them.
    pub p50_us: u64,
    /// 95 of them.
    pub p95_us: u64,
    /// 99 of them.
    pub p99_us: u64,
}

/// What one transfer cost the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostPerTransfer {
    /// Microseconds of processor time of all server processes.
    pub server_cpu_us: u64,
    /// Bytes of write-ahead log.
    pub wal_bytes: u64,
    /// Bytes that tables and indexes grew by.
    pub database_bytes: u64,
    /// Transfers for each commit, which is the mean batch where nothing but batches commits (reading does, too).
    pub per_commit: Option<u64>,
    /// Of a hundred rows updated, how many needed no new index entry; nothing where none was updated.
    pub hot_percent: Option<u64>,
}

impl CostPerTransfer {
    /// Spreads a cost over so many transfers.
    pub fn new(cost: &Cost, transfers: u64) -> Self {
        let each = |sum: u64| sum.checked_div(transfers).unwrap_or(0);
        let cpu_us = u64::try_from(cost.server_cpu.as_micros()).unwrap_or(u64::MAX);
        Self {
            server_cpu_us: each(cpu_us),
            wal_bytes: each(cost.wal_bytes),
            database_bytes: each(cost.database_bytes),
            per_commit: transfers.saturating_add(cost.commits / 2).checked_div(cost.commits),
            hot_percent: cost.hot_updates.saturating_mul(100).checked_div(cost.updates),
        }
    }
}

/// A histogram of latencies, exact to three digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// An empty one.
    pub fn try_new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LATENCY_US_MAX, 3)?))
    }

    /// Counts one.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts all of another one.
    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// The percentiles.
    pub fn summary(&self) -> Latency {
        let at = |quantile| self.0.value_at_quantile(quantile);
        Latency { p50_us: at(0.5), p95_us: at(0.95), p99_us: at(0.99) }
    }
}

/// So many per second.
pub(crate) fn per_second(count: u64, elapsed: Duration) -> u64 {
    let rate = u128::from(count).saturating_mul(1_000_000).checked_div(elapsed.as_micros()).unwrap_or(0);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_that_was_counted() {
        let (mut fast, mut slow) = (Latencies::try_new().unwrap(), Latencies::try_new().unwrap());
        (0..98).for_each(|_| fast.record(Duration::from_micros(100)));
        (0..2).for_each(|_| slow.record(Duration::from_hours(1)));
        fast.add(&slow).unwrap();
        let summary = fast.summary();
        assert_eq!(summary.p50_us, 100);
        assert!(summary.p99_us >= LATENCY_US_MAX, "{summary:?}");
    }

    #[test]
    fn rates_and_costs_are_per_transfer() {
        assert_eq!(per_second(25_000, Duration::from_millis(2_500)), 10_000);
        let cost = Cost::try_new((1_000, 4, 500, 20, 15), Duration::from_millis(1)).unwrap();
        let each = CostPerTransfer::new(&cost, 10);
        assert_eq!((each.server_cpu_us, each.wal_bytes, each.database_bytes), (100, 100, 50));
        assert_eq!((each.per_commit, each.hot_percent), (Some(3), Some(75)));
        assert_eq!(CostPerTransfer::new(&Cost::default(), 10).hot_percent, None);
    }
}
