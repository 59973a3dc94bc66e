//! Master keys in files: one per environment in a directory of this machine. For the demo and for
//! a single box; whoever reads the directory reads everything.

mod files;
mod master_key;
mod status;
mod store;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use kernel::{Clock, Entropy};

use self::store::Store;
use super::{DataKeyMaterial, KeyProvider, KeyState};
use crate::{KeyContext, KeyOwner, KeyReference, KeyringError, ProviderKind};

/// Longest delay of a destruction, in days.
const DESTRUCTION_DAYS_MAX: u16 = 365;

/// The `local` provider.
#[derive(Clone, Debug)]
pub struct LocalKeys {
    store: Arc<Store>,
}

impl LocalKeys {
    /// Opens the directory, and creates it for this user alone if it is missing.
    pub fn open(directory: PathBuf, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, KeyringError> {
        Store::open(directory, clock, entropy).map(|store| Self { store: Arc::new(store) })
    }

    /// Files are read and synchronised away from the threads that serve requests.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .unwrap_or_else(|_| Err(KeyringError::unavailable(ProviderKind::Local, "the work was broken off")))
    }
}

#[async_trait]
impl KeyProvider for LocalKeys {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Local
    }

    async fn create_key(&self, owner: &KeyOwner) -> Result<KeyReference, KeyringError> {
        let name = owner.environment.to_string();
        let reference = KeyReference::try_new(ProviderKind::Local, &name)
            .map_err(|_| KeyringError::unexpected(ProviderKind::Local, "an environment id that is no file name"))?;
        self.blocking(move |store| store.create(&name)).await?;
        Ok(reference)
    }

    async fn generate_data_key(&self, key: &KeyReference, context: &KeyContext) -> Result<Vec<u8>, KeyringError> {
        let (name, context) = (key.reference().to_owned(), *context);
        self.blocking(move |store| {
            let material = store.random_material();
            store.wrap(&name, &context, &material)
        })
        .await
    }

    async fn wrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        material: &DataKeyMaterial,
    ) -> Result<Vec<u8>, KeyringError> {
        let (name, context, material) = (key.reference().to_owned(), *context, material.duplicate());
        self.blocking(move |store| store.wrap(&name, &context, &material)).await
    }

    async fn unwrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<DataKeyMaterial, KeyringError> {
        let (name, context, wrapped) = (key.reference().to_owned(), *context, wrapped.to_vec());
        self.blocking(move |store| store.unwrap(&name, &context, &wrapped)).await
    }

    async fn rotate(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let name = key.reference().to_owned();
        self.blocking(move |store| store.rotate(&name)).await
    }

    async fn disable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let name = key.reference().to_owned();
        self.blocking(move |store| store.disable(&name)).await
    }

    async fn enable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let name = key.reference().to_owned();
        self.blocking(move |store| store.enable(&name)).await
    }

    /// Nothing runs by itself: the key is destroyed by the first call that touches it when its time is over.
    async fn schedule_destruction(&self, key: &KeyReference, days: u16) -> Result<(), KeyringError> {
        if !(1..=DESTRUCTION_DAYS_MAX).contains(&days) {
            return Err(KeyringError::Unsupported {
                provider: ProviderKind::Local,
                operation: "wait that many days",
                instead: "choose from 1 to 365",
            });
        }
        let name = key.reference().to_owned();
        self.blocking(move |store| store.schedule_destruction(&name, days)).await
    }

    async fn cancel_destruction(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let name = key.reference().to_owned();
        self.blocking(move |store| store.cancel_destruction(&name)).await
    }

    async fn destroy(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let name = key.reference().to_owned();
        self.blocking(move |store| store.destroy(&name)).await
    }

    async fn state(&self, key: &KeyReference) -> Result<KeyState, KeyringError> {
        let name = key.reference().to_owned();
        self.blocking(move |store| store.state(&name)).await
    }
}
