//! Time as an input: the system's clock in production, a fixed one in tests.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicI64, Ordering},
};

use time::OffsetDateTime;

/// Where the current time comes from.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The current instant in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the ambient clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct FixedClock {
    unix_seconds: AtomicI64,
}

impl FixedClock {
    /// Starts at `unix_seconds` after 1970-01-01T00:00:00Z.
    pub fn new(unix_seconds: i64) -> Self {
        Self { unix_seconds: AtomicI64::new(unix_seconds) }
    }

    /// Moves forward, or back when `seconds` is negative.
    pub fn advance(&self, seconds: i64) {
        self.unix_seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.unix_seconds.load(Ordering::SeqCst))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}
