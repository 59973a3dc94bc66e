//! How long a run lasts.

use std::{env, time::Duration};

/// Where every run's choice of accounts starts.
pub const SEED: u64 = 1993;
/// A run that has not ended so long after it should have is stuck.
pub const PATIENCE_PER_RUN: Duration = Duration::from_mins(5);

/// Names the seconds measured in each run.
const SECONDS: &str = "TESSERA_BENCH_SECONDS";
const SECONDS_DEFAULT: u64 = 10;
const SECONDS_MAX: u64 = 3_600;
/// The warm-up is this part of the time measured, and no shorter than the shortest.
const WARM_UP_DIVISOR: u64 = 4;
const WARM_UP_SECONDS_MIN: u64 = 3;
/// A run this long has a checkpoint in its middle, as a real server has.
const WITH_CHECKPOINT: Duration = Duration::from_mins(1);

/// Warm-up and measured time of each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Load that is not counted.
    pub warm_up: Duration,
    /// Load that is.
    pub measured: Duration,
}

impl Plan {
    /// Short runs, or as long as `TESSERA_BENCH_SECONDS` says.
    pub fn from_environment() -> anyhow::Result<Self> {
        let Some(text) = env::var_os(SECONDS) else { return Ok(Self::of_seconds(SECONDS_DEFAULT)) };
        let seconds = text.to_str().and_then(|text| text.parse().ok());
        let seconds = seconds.filter(|seconds| (1..=SECONDS_MAX).contains(seconds));
        seconds.map(Self::of_seconds).ok_or_else(|| anyhow::anyhow!("{SECONDS} takes seconds from 1 to {SECONDS_MAX}"))
    }

    fn of_seconds(seconds: u64) -> Self {
        let warm_up = (seconds / WARM_UP_DIVISOR).max(WARM_UP_SECONDS_MIN);
        Self { warm_up: Duration::from_secs(warm_up), measured: Duration::from_secs(seconds) }
    }

    /// Whether the measured time is long enough for a checkpoint in it.
    pub fn has_checkpoint(&self) -> bool {
        self.measured >= WITH_CHECKPOINT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_warm_up_longer() {
        assert_eq!(Plan::of_seconds(10).warm_up, Duration::from_secs(3));
        let long = Plan::of_seconds(120);
        assert_eq!(long.warm_up, Duration::from_secs(30));
        assert!(long.has_checkpoint());
    }
}
