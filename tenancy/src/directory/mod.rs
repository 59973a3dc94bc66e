//! Which tenants there are and where: the routing tables of schema `platform`, held in memory.
//!
//! A request finds its environment here without asking Postgres. The whole directory is read, not
//! single rows: at most one small query per time to live and process whatever the requests ask for,
//! so that credentials made up by an attacker never reach the database.

mod config;
mod issuer;
mod snapshot;
mod store;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::ArcSwapOption;
use kernel::Clock;
use thiserror::Error;
use time::OffsetDateTime;
use tracing::{error, info, warn};

pub use config::DirectoryConfig;
pub use issuer::RegisteredIssuer;
pub(crate) use issuer::asymmetric;
pub use snapshot::DirectorySnapshot;

use crate::{
    UnitsOfWork,
    cache::{SingleFlight, is_within},
};

/// Why the directory cannot answer.
#[derive(Clone, Debug, Error)]
pub enum DirectoryError {
    /// The routing tables could not be read.
    #[error("cannot read the routing tables")]
    Read(#[source] Arc<sqlx::Error>),
    /// There are more environments than one process is meant to route.
    #[error("the directory holds more than {environments_max} active environments")]
    TooLarge {
        /// The bound.
        environments_max: usize,
    },
    /// The task that read it was lost.
    #[error("the reading task was aborted")]
    Aborted(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// The routing tables, at most one time to live old.
#[derive(Clone)]
pub struct Directory {
    inner: Arc<Inner>,
    reading: Arc<SingleFlight<Result<Arc<Reading>, DirectoryError>>>,
}

struct Inner {
    units: UnitsOfWork,
    config: DirectoryConfig,
    clock: Arc<dyn Clock>,
    current: ArcSwapOption<Reading>,
    /// A hint said that something changed.
    doubted: AtomicBool,
    /// A reading ahead of time is under way.
    ahead: AtomicBool,
}

/// What was read, and when the reading began.
struct Reading {
    snapshot: Arc<DirectorySnapshot>,
    digest: String,
    asked_at: OffsetDateTime,
}

impl Directory {
    /// Reads nothing yet.
    pub fn new(units: UnitsOfWork, config: DirectoryConfig, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner {
            units,
            config,
            clock,
            current: ArcSwapOption::empty(),
            doubted: AtomicBool::new(false),
            ahead: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner), reading: SingleFlight::new() }
    }

    /// The directory as it was no longer than a time to live ago. In the second half of that time it is read
    /// again in the background, so that a busy process does not wait for it.
    pub async fn snapshot(&self) -> Result<Arc<DirectorySnapshot>, DirectoryError> {
        if let Some(reading) = self.inner.fresh() {
            if self.inner.is_aging(&reading) {
                self.read_ahead();
            }
            return Ok(Arc::clone(&reading.snapshot));
        }
        self.read().await.map(|reading| Arc::clone(&reading.snapshot))
    }

    /// Makes the next request read again. Called when a hint says that a tenant or an issuer changed.
    pub fn forget(&self) {
        self.inner.doubted.store(true, Ordering::SeqCst);
    }

    async fn read(&self) -> Result<Arc<Reading>, DirectoryError> {
        let inner = Arc::clone(&self.inner);
        let run = self.reading.run(async move { inner.read().await });
        run.await.unwrap_or_else(|lost| Err(DirectoryError::Aborted(Arc::new(lost))))
    }

    fn read_ahead(&self) {
        if self.inner.ahead.swap(true, Ordering::SeqCst) {
            return;
        }
        let directory = self.clone();
        tokio::spawn(async move {
            if let Err(error) = directory.read().await {
                warn!(%error, "could not read the directory ahead of time");
            }
            directory.inner.ahead.store(false, Ordering::SeqCst);
        });
    }
}

impl Inner {
    fn fresh(&self) -> Option<Arc<Reading>> {
        let reading = self.current.load_full()?;
        let fresh = is_within(self.clock.now(), reading.asked_at, self.config.ttl);
        (fresh && !self.doubted.load(Ordering::SeqCst)).then_some(reading)
    }

    fn is_aging(&self, reading: &Reading) -> bool {
        !is_within(self.clock.now(), reading.asked_at, self.config.ttl / 2)
    }

    async fn read(&self) -> Result<Arc<Reading>, DirectoryError> {
        // Cleared first: what changes while the tables are read is doubted again.
        let doubted = self.doubted.swap(false, Ordering::SeqCst);
        let result = self.read_tables().await;
        match &result {
            Ok(reading) => self.current.store(Some(Arc::clone(reading))),
            // A reading ahead of time that fails leaves the present one as good as it was.
            Err(_) if doubted => self.doubted.store(true, Ordering::SeqCst),
            Err(_) => {}
        }
        result
    }

    async fn read_tables(&self) -> Result<Arc<Reading>, DirectoryError> {
        let asked_at = self.clock.now();
        let pool = self.units.database().pool();
        let read_error = |error| DirectoryError::Read(Arc::new(error));
        // The digest comes first: rows newer than their digest are read once more, older ones never happen.
        let digest = store::digest(pool).await.map_err(read_error)?;
        if let Some(current) = self.current.load_full()
            && current.digest == digest
        {
            let snapshot = Arc::clone(&current.snapshot);
            return Ok(Arc::new(Reading { snapshot, digest, asked_at }));
        }
        let rows = store::routes(pool, self.config.environments_max).await.map_err(read_error)?;
        if rows.len() > self.config.environments_max {
            let environments_max = self.config.environments_max;
            error!(environments_max, "the directory holds more active environments than one process routes");
            return Err(DirectoryError::TooLarge { environments_max });
        }
        let snapshot = Arc::new(DirectorySnapshot::from_rows(rows));
        info!(environments = snapshot.environments(), issuers = snapshot.issuers(), "the directory changed");
        Ok(Arc::new(Reading { snapshot, digest, asked_at }))
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Directory").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
