//! How old and how large the directory may be.

use time::Duration;

/// Most active environments one process routes: about 1 KiB each. An installation beyond it gives each cell
/// API processes of its own.
const ENVIRONMENTS_MAX: usize = 50_000;

/// How old and how large the directory may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryConfig {
    /// How long a reading is served. There is no grace beyond it: the rows to route to live in the same
    /// Postgres, so an older directory would serve nobody and might serve a suspended tenant.
    pub ttl: Duration,
    /// Most active environments.
    pub environments_max: usize,
}

impl DirectoryConfig {
    /// A directory at most this old.
    pub const fn new(ttl: Duration) -> Self {
        Self { ttl, environments_max: ENVIRONMENTS_MAX }
    }
}

impl Default for DirectoryConfig {
    fn default() -> Self {
        Self::new(Duration::SECOND)
    }
}
