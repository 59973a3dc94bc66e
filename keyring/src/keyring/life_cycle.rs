//! The life of an environment's KMS key: rotate, re-wrap, disable, destroy.

use super::Keyring;
use crate::{EnvironmentKey, KeyState, KeyringError, WrappedDataKey};

impl Keyring {
    /// Wraps a data key under the environment's present KMS key: its newest version, or another key
    /// altogether, also of another provider. The data key stays the same, so nothing is sealed again.
    pub async fn rewrap(
        &self,
        data_key: &WrappedDataKey,
        under: &EnvironmentKey,
    ) -> Result<WrappedDataKey, KeyringError> {
        let (from, to) = (&data_key.key, &under.reference);
        let context = under.context(data_key.purpose, data_key.id);
        let source = self.guard(from.provider())?;
        let wrapped = if from.provider() == to.provider() {
            source.call(|| source.provider().rewrap(from, to, &context, &data_key.wrapped)).await?
        } else {
            let target = self.guard(to.provider())?;
            let material = source.call(|| source.provider().unwrap(from, &context, &data_key.wrapped)).await?;
            target.call(|| target.provider().wrap(to, &context, &material)).await?
        };
        Ok(WrappedDataKey { wrapped, key: to.clone(), ..data_key.clone() })
    }

    /// Makes a new version of the KMS key; [`rewrap`](Self::rewrap) the data keys afterwards.
    pub async fn rotate_key(&self, key: &EnvironmentKey) -> Result<(), KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        // Not repeated by itself: every attempt that got through would be a version.
        let outcome = guard.call_once(|| guard.provider().rotate(&key.reference)).await;
        self.forget(key.environment);
        outcome
    }

    /// Switches the KMS key off. What needs it fails from now on, in this process at once.
    pub async fn disable_key(&self, key: &EnvironmentKey) -> Result<(), KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        let outcome = guard.call(|| guard.provider().disable(&key.reference)).await;
        // Also after an error: the provider may have done it and the answer got lost.
        self.forget(key.environment);
        outcome
    }

    /// Switches the KMS key on again.
    pub async fn enable_key(&self, key: &EnvironmentKey) -> Result<(), KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        guard.call(|| guard.provider().enable(&key.reference)).await
    }

    /// Switches the KMS key off and destroys it after some days.
    pub async fn schedule_destruction(&self, key: &EnvironmentKey, days: u16) -> Result<(), KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        let outcome = guard.call_once(|| guard.provider().schedule_destruction(&key.reference, days)).await;
        self.forget(key.environment);
        outcome
    }

    /// Takes a scheduled destruction back; the key is disabled then.
    pub async fn cancel_destruction(&self, key: &EnvironmentKey) -> Result<(), KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        guard.call_once(|| guard.provider().cancel_destruction(&key.reference)).await
    }

    /// Destroys the KMS key now, and with it everything sealed in the environment, backups included.
    pub async fn destroy_key(&self, key: &EnvironmentKey) -> Result<(), KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        let outcome = guard.call_once(|| guard.provider().destroy(&key.reference)).await;
        self.forget(key.environment);
        outcome
    }

    /// What the KMS key can do now.
    pub async fn key_state(&self, key: &EnvironmentKey) -> Result<KeyState, KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        guard.call(|| guard.provider().state(&key.reference)).await
    }
}
