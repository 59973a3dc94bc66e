//! What never changes of wallets, remembered: whose they are, and in which currency.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kernel::{EnvironmentId, WalletId};

use super::WalletFacts;

/// Wallets of all environments that are remembered, before all are forgotten.
const WALLETS_MAX: usize = 262_144;

/// Facts of wallets by environment; a cheap handle.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownWallets(Arc<Mutex<HashMap<(EnvironmentId, WalletId), WalletFacts>>>);

impl KnownWallets {
    /// Looks up many under one lock.
    pub(super) fn with<T>(
        &self,
        environment: EnvironmentId,
        look: impl FnOnce(&dyn Fn(WalletId) -> Option<WalletFacts>) -> T,
    ) -> T {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look(&|wallet| known.get(&(environment, wallet)).copied())
    }

    pub(super) fn learn(&self, environment: EnvironmentId, wallets: &HashMap<WalletId, WalletFacts>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > WALLETS_MAX {
            known.clear();
        }
        known.extend(wallets.iter().map(|(id, facts)| ((environment, *id), *facts)));
    }
}
