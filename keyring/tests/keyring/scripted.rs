//! A key service that does as it is told and counts what it is asked.
//!
//! It ignores contexts on purpose: what refuses a value in the wrong place must then be the value itself.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_lc_rs::hmac;
use keyring::{DataKeyMaterial, KeyContext, KeyOwner, KeyProvider, KeyReference, KeyState, KeyringError, ProviderKind};

#[derive(Debug, Default)]
pub(crate) struct Scripted {
    pub(crate) unwraps: AtomicU64,
    pub(crate) delay: Duration,
    failure: Mutex<Option<(Option<KeyReference>, KeyringError)>>,
}

impl Scripted {
    pub(crate) fn slow(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    pub(crate) fn unwraps(&self) -> u64 {
        self.unwraps.load(Ordering::SeqCst)
    }

    /// From now on every call fails like this.
    pub(crate) fn fail(&self, error: KeyringError) {
        *self.failure.lock().unwrap() = Some((None, error));
    }

    /// From now on calls about this key fail like this.
    pub(crate) fn fail_key(&self, key: KeyReference, error: KeyringError) {
        *self.failure.lock().unwrap() = Some((Some(key), error));
    }

    pub(crate) fn recover(&self) {
        *self.failure.lock().unwrap() = None;
    }

    async fn answer(&self, key: &KeyReference) -> Result<(), KeyringError> {
        tokio::time::sleep(self.delay).await;
        match self.failure.lock().unwrap().as_ref() {
            Some((None, error)) => Err(error.clone()),
            Some((Some(failing), error)) if failing == key => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl KeyProvider for Scripted {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Local
    }

    async fn create_key(&self, owner: &KeyOwner) -> Result<KeyReference, KeyringError> {
        Ok(KeyReference::try_new(ProviderKind::Local, &owner.environment.to_string()).unwrap())
    }

    async fn generate_data_key(&self, key: &KeyReference, context: &KeyContext) -> Result<Vec<u8>, KeyringError> {
        self.answer(key).await?;
        Ok(context.data_key.as_uuid().as_bytes().to_vec())
    }

    async fn wrap(
        &self,
        _key: &KeyReference,
        _context: &KeyContext,
        _material: &DataKeyMaterial,
    ) -> Result<Vec<u8>, KeyringError> {
        unimplemented!("no test wraps by script")
    }

    async fn unwrap(
        &self,
        key: &KeyReference,
        _context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<DataKeyMaterial, KeyringError> {
        self.unwraps.fetch_add(1, Ordering::SeqCst);
        self.answer(key).await?;
        let secret = hmac::Key::new(hmac::HMAC_SHA256, b"the scripted key service");
        DataKeyMaterial::try_from_bytes(hmac::sign(&secret, wrapped).as_ref())
    }

    async fn rotate(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.answer(key).await
    }

    async fn disable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.answer(key).await
    }

    async fn enable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.answer(key).await
    }

    async fn schedule_destruction(&self, key: &KeyReference, _days: u16) -> Result<(), KeyringError> {
        self.answer(key).await
    }

    async fn cancel_destruction(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.answer(key).await
    }

    async fn destroy(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.answer(key).await
    }

    async fn state(&self, key: &KeyReference) -> Result<KeyState, KeyringError> {
        self.answer(key).await.map(|()| KeyState::Enabled)
    }
}
