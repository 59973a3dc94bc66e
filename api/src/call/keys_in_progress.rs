//! Idempotency keys whose first request is running in this process: a second one is told so without a connection.
//!
//! The database decides; this only keeps a storm of repeats away from it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use kernel::EnvironmentId;

type Keys = HashSet<(EnvironmentId, String)>;

/// The keys in progress. Bounded by the requests under way.
#[derive(Clone, Debug, Default)]
pub struct KeysInProgress(Arc<Mutex<Keys>>);

/// Holds a key until the request ends.
#[derive(Debug)]
pub(super) struct Entered {
    keys: KeysInProgress,
    entry: (EnvironmentId, String),
}

impl KeysInProgress {
    /// Enters a key, unless it is in progress.
    pub(super) fn enter(&self, environment: EnvironmentId, key: &str) -> Option<Entered> {
        let entry = (environment, key.to_owned());
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(entry.clone()).then(|| Entered { keys: self.clone(), entry })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.entry);
    }
}
