//! One environment's place: the snapshot that serves, and the one load that may be under way.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use kernel::EnvironmentId;
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::spawn_blocking,
    time::{Instant, timeout},
};
use tracing::warn;

use super::{LoadError, Loader, PolicyBounds, PolicySource};
use crate::snapshot::PolicySnapshot;

/// One environment's place.
#[derive(Default)]
pub(super) struct Slot {
    serving: ArcSwapOption<Serving>,
    failed: ArcSwapOption<Failed>,
    /// Held by the one who loads.
    turn: Arc<Mutex<()>>,
}

struct Serving {
    snapshot: Arc<PolicySnapshot>,
    /// When the check against the revision began, not when it ended: age counts from there.
    checked_at: Instant,
    epoch: u64,
}

struct Failed {
    error: Arc<LoadError>,
    at: Instant,
}

/// What the slot has to offer.
pub(super) enum Freshness {
    /// To be used.
    Fresh(Arc<PolicySnapshot>),
    /// To be used while somebody looks for a newer one.
    Ageing(Arc<PolicySnapshot>),
    /// Nothing to be used.
    Expired,
}

impl Slot {
    /// What the slot offers to a question asked at `now`, in this epoch of its environment.
    pub(super) fn freshness(&self, now: Instant, epoch: u64, bounds: &PolicyBounds) -> Freshness {
        let serving = self.serving.load();
        let Some(serving) = serving.as_ref().filter(|serving| serving.epoch == epoch) else {
            return Freshness::Expired;
        };
        let age = now.saturating_duration_since(serving.checked_at);
        if age < bounds.refresh_after {
            Freshness::Fresh(Arc::clone(&serving.snapshot))
        } else if age < bounds.stale_max {
            Freshness::Ageing(Arc::clone(&serving.snapshot))
        } else {
            Freshness::Expired
        }
    }

    /// Starts a refresh, unless one is under way.
    pub(super) fn refresh_aside(self: &Arc<Self>, environment: EnvironmentId, loader: &Arc<Loader>) {
        if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
            let (slot, loader) = (Arc::clone(self), Arc::clone(loader));
            tokio::spawn(async move { slot.take_turn(turn, environment, &loader).await });
        }
    }

    /// Waits for a snapshot that is fresh. The load runs in a task of its own, so that a caller who
    /// goes away in the middle neither stops it nor leaves its transaction half done.
    pub(super) async fn refresh(
        self: &Arc<Self>,
        environment: EnvironmentId,
        loader: &Arc<Loader>,
    ) -> Result<Arc<PolicySnapshot>, Arc<LoadError>> {
        let turn = timeout(loader.bounds.load_max, Arc::clone(&self.turn).lock_owned())
            .await
            .map_err(|_| Arc::new(LoadError::Timeout))?;
        let (slot, loader) = (Arc::clone(self), Arc::clone(loader));
        let load = tokio::spawn(async move { slot.take_turn(turn, environment, &loader).await });
        load.await.unwrap_or_else(|_| Err(Arc::new(LoadError::CutOff)))
    }

    async fn take_turn(
        &self,
        turn: OwnedMutexGuard<()>,
        environment: EnvironmentId,
        loader: &Loader,
    ) -> Result<Arc<PolicySnapshot>, Arc<LoadError>> {
        let _turn = turn;
        let Loader { source, bounds, epochs } = loader;
        let started = Instant::now();
        // Read before the rows: a hint that comes in the middle makes the outcome out of date.
        let epoch = epochs.current(environment);
        // Somebody else may have loaded, or failed, while this one waited for the turn.
        if let Freshness::Fresh(snapshot) = self.freshness(started, epoch, bounds) {
            return Ok(snapshot);
        }
        if let Some(failed) = self.failed.load_full()
            && started.saturating_duration_since(failed.at) < bounds.retry_after
        {
            return Err(Arc::clone(&failed.error));
        }
        let outcome = timeout(bounds.load_max, self.read(environment, &**source)).await;
        match outcome.unwrap_or(Err(LoadError::Timeout)) {
            Ok(snapshot) => {
                let serving = Serving { snapshot: Arc::clone(&snapshot), checked_at: started, epoch };
                self.serving.store(Some(Arc::new(serving)));
                Ok(snapshot)
            }
            Err(error) => {
                warn!(%environment, %error, "policies could not be refreshed");
                let error = Arc::new(error);
                self.failed.store(Some(Arc::new(Failed { error: Arc::clone(&error), at: Instant::now() })));
                Err(error)
            }
        }
    }

    /// The snapshot in hand if its revision is still the last one, else a new one built aside.
    async fn read(
        &self,
        environment: EnvironmentId,
        source: &dyn PolicySource,
    ) -> Result<Arc<PolicySnapshot>, LoadError> {
        if let Some(serving) = self.serving.load_full()
            && source.revision(environment).await? == serving.snapshot.revision()
        {
            return Ok(Arc::clone(&serving.snapshot));
        }
        let rows = source.rows(environment).await?;
        // Compiling hundreds of expressions takes milliseconds, which other requests must not wait.
        let build = spawn_blocking(move || PolicySnapshot::try_new(environment, &rows));
        match build.await {
            Ok(Ok(snapshot)) => Ok(Arc::new(snapshot)),
            Ok(Err(error)) => Err(LoadError::Snapshot(Arc::new(error))),
            Err(_) => Err(LoadError::CutOff),
        }
    }
}
