//! The policies of all environments in use: snapshots that are never older than a stated bound.
//! Older than that, or not to be had, means refused.

mod epoch;
mod slot;

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use kernel::EnvironmentId;
use moka::future::Cache;
use thiserror::Error;
use tokio::time::Instant;

use self::{
    epoch::Epochs,
    slot::{Freshness, Slot},
};
use crate::{
    action::Action,
    attribute::Attributes,
    permit::{Domain, Permit, Subject},
    refusal::Refusal,
    snapshot::{PolicyRows, PolicySnapshot, SnapshotError},
};

/// Where the rows come from. Each call reads in a transaction of its own, never in a caller's.
#[async_trait]
pub trait PolicySource: Send + Sync + 'static {
    /// How often the environment's policies have changed.
    async fn revision(&self, environment: EnvironmentId) -> Result<i64, SourceError>;

    /// All rows, at least as new as the revision they carry.
    async fn rows(&self, environment: EnvironmentId) -> Result<PolicyRows, SourceError>;
}

/// The rows could not be read.
#[derive(Debug, Error)]
#[error("the policy rows could not be read")]
pub struct SourceError(#[source] Box<dyn Error + Send + Sync>);

impl SourceError {
    /// Keeps the cause.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Why there are no policies to decide by.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The rows could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Reading took longer than the bound.
    #[error("reading the policy rows took too long")]
    Timeout,
    /// The rows make no snapshot.
    #[error("the policy rows make no snapshot")]
    Snapshot(#[source] Arc<SnapshotError>),
    /// The task that loads ended without an answer.
    #[error("loading the policies was cut off")]
    CutOff,
}

/// Bounds of the snapshots in memory.
#[derive(Clone, Copy, Debug)]
pub struct PolicyBounds {
    /// Most environments in memory.
    pub environments_max: u64,
    /// An environment nobody asks about is dropped after so long.
    pub idle_max: Duration,
    /// From this age on a snapshot is checked against the revision while it still serves.
    pub refresh_after: Duration,
    /// From this age on it serves no more: a change is in force everywhere after so long.
    pub stale_max: Duration,
    /// Longest read of the rows.
    pub load_max: Duration,
    /// After a failure nobody tries again for so long.
    pub retry_after: Duration,
}

impl Default for PolicyBounds {
    fn default() -> Self {
        Self {
            environments_max: 2_000,
            idle_max: Duration::from_mins(10),
            refresh_after: Duration::from_millis(500),
            stale_max: Duration::from_secs(1),
            load_max: Duration::from_secs(10),
            retry_after: Duration::from_millis(100),
        }
    }
}

/// The policies of all environments in use. Cheap to clone: all clones share one memory.
#[derive(Clone)]
pub struct Policies {
    loader: Arc<Loader>,
    slots: Cache<EnvironmentId, Arc<Slot>>,
}

/// What every load needs.
struct Loader {
    source: Arc<dyn PolicySource>,
    bounds: PolicyBounds,
    epochs: Epochs,
}

impl Policies {
    /// Nothing is loaded yet.
    pub fn new(source: Arc<dyn PolicySource>, bounds: PolicyBounds) -> Self {
        let slots = Cache::builder().max_capacity(bounds.environments_max).time_to_idle(bounds.idle_max).build();
        Self { loader: Arc::new(Loader { source, bounds, epochs: Epochs::default() }), slots }
    }

    /// Whether the subject may do `A` under these facts, and how far.
    pub async fn permit<A: Action>(&self, subject: &Subject, attributes: &Attributes) -> Result<Permit<A>, Refusal> {
        match subject.domain() {
            Domain::Environment(environment) => self.snapshot(environment).await?.permit(subject, attributes),
            Domain::Platform => PolicySnapshot::platform()
                .map_err(|error| Refusal::Unavailable(Arc::new(LoadError::Snapshot(error))))?
                .permit(subject, attributes),
        }
    }

    /// The environment's policies, not older than the bound.
    pub async fn snapshot(&self, environment: EnvironmentId) -> Result<Arc<PolicySnapshot>, Refusal> {
        let slot = match self.slots.get(&environment).await {
            Some(slot) => slot,
            None => self.slots.get_with(environment, async { Arc::default() }).await,
        };
        let Loader { bounds, epochs, .. } = &*self.loader;
        match slot.freshness(Instant::now(), epochs.current(environment), bounds) {
            Freshness::Fresh(snapshot) => Ok(snapshot),
            Freshness::Ageing(snapshot) => {
                slot.refresh_aside(environment, &self.loader);
                Ok(snapshot)
            }
            Freshness::Expired => slot.refresh(environment, &self.loader).await.map_err(Refusal::Unavailable),
        }
    }

    /// The environment's policies may have changed: the next question looks first. Never waits.
    pub fn invalidate(&self, environment: EnvironmentId) {
        self.loader.epochs.advance(environment);
    }

    /// Hints may have been missed: the next question in each environment looks first. Never waits.
    pub fn invalidate_all(&self) {
        self.loader.epochs.advance_all();
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Policies({} environments)", self.slots.entry_count())
    }
}
