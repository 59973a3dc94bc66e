//! A KMS that refuses or is away: nothing half-visible, and it goes on when that is mended.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use keyring::{
    DataKeyMaterial, KeyContext, KeyOwner, KeyProvider, KeyReference, KeyState, Keyring, KeyringConfig, KeyringError,
    LocalKeys, ProviderKind,
};
use tenancy::provisioning::{EnvironmentState, OperationState, TenantStatus};

use crate::world::{World, call, clock, ended, entropy, slug, written};

const WORKS: u8 = 0;
const DENIES: u8 = 1;
const AWAY: u8 = 2;

/// The local provider behind a switch.
#[derive(Debug)]
struct Switched {
    inner: LocalKeys,
    state: Arc<AtomicU8>,
}

impl Switched {
    fn check(&self) -> Result<(), KeyringError> {
        let provider = ProviderKind::Local;
        match self.state.load(Ordering::SeqCst) {
            DENIES => Err(KeyringError::Denied { provider }),
            AWAY => Err(KeyringError::Unavailable { provider, detail: "switched off".into() }),
            _ => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl KeyProvider for Switched {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Local
    }

    async fn create_key(&self, owner: &KeyOwner) -> Result<KeyReference, KeyringError> {
        self.check()?;
        self.inner.create_key(owner).await
    }

    async fn generate_data_key(&self, key: &KeyReference, context: &KeyContext) -> Result<Vec<u8>, KeyringError> {
        self.check()?;
        self.inner.generate_data_key(key, context).await
    }

    async fn wrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        material: &DataKeyMaterial,
    ) -> Result<Vec<u8>, KeyringError> {
        self.check()?;
        self.inner.wrap(key, context, material).await
    }

    async fn unwrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<DataKeyMaterial, KeyringError> {
        self.check()?;
        self.inner.unwrap(key, context, wrapped).await
    }

    async fn rotate(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.check()?;
        self.inner.rotate(key).await
    }

    async fn disable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.check()?;
        self.inner.disable(key).await
    }

    async fn enable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.check()?;
        self.inner.enable(key).await
    }

    async fn schedule_destruction(&self, key: &KeyReference, days: u16) -> Result<(), KeyringError> {
        self.check()?;
        self.inner.schedule_destruction(key, days).await
    }

    async fn cancel_destruction(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.check()?;
        self.inner.cancel_destruction(key).await
    }

    async fn destroy(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.check()?;
        self.inner.destroy(key).await
    }

    async fn state(&self, key: &KeyReference) -> Result<KeyState, KeyringError> {
        self.check()?;
        self.inner.state(key).await
    }
}

fn switched(world: &World) -> (Keyring, Arc<AtomicU8>) {
    let state = Arc::new(AtomicU8::new(WORKS));
    let inner = LocalKeys::open(world.key_directory.path().to_owned(), clock(), entropy()).unwrap();
    let provider = Arc::new(Switched { inner, state: Arc::clone(&state) });
    let limits = KeyringConfig::default().limits().unwrap();
    (Keyring::new(vec![provider], limits, clock(), entropy()), state)
}

#[tokio::test]
async fn a_refusal_fails_the_operation_clearly_and_it_resumes_when_mended() {
    let world = World::start().await;
    let (keyring, state) = switched(&world);
    let control = world.with_keyring(keyring).await;
    state.store(DENIES, Ordering::SeqCst);
    let created = written(control.create_tenant(&call(), world.spec("acme")).await.unwrap());
    let id = created.operation.unwrap();
    let operation = ended(&control, id).await;
    assert_eq!(operation.state, OperationState::Failed);
    let error = operation.error.unwrap();
    assert_eq!(error.code, "key_denied");
    assert!(error.hint.is_some());
    assert_eq!(operation.progress.failed, 2, "both environments stopped at their keys");
    let half = control.tenant(&slug("acme")).await.unwrap();
    assert_eq!(half.status, TenantStatus::Provisioning);
    assert!(half.environments.iter().all(|environment| environment.state == EnvironmentState::Migrated));
    assert_eq!(world.routable().await, Vec::<String>::new());

    state.store(WORKS, Ordering::SeqCst);
    let resumed = written(control.resume_operation(&call(), id).await.unwrap());
    assert_eq!((resumed.changed, resumed.action), (true, "resumed"));
    let operation = ended(&control, id).await;
    assert_eq!(operation.state, OperationState::Succeeded, "{:?}", operation.error);
    assert_eq!((operation.progress.done, operation.progress.failed), (11, 0));
    assert_eq!(world.routable().await, ["acme/live", "acme/test"]);
}

#[tokio::test]
async fn asking_for_the_tenant_again_goes_on_too() {
    let world = World::start().await;
    let (keyring, state) = switched(&world);
    let control = world.with_keyring(keyring).await;
    state.store(AWAY, Ordering::SeqCst);
    let id = written(control.create_tenant(&call(), world.spec("acme")).await.unwrap()).operation.unwrap();
    let operation = ended(&control, id).await;
    assert_eq!(
        (operation.state, operation.error.unwrap().code.as_str()),
        (OperationState::Failed, "key_service_unavailable")
    );
    assert_eq!(world.routable().await, Vec::<String>::new());
    state.store(WORKS, Ordering::SeqCst);
    let again = written(control.create_tenant(&call(), world.spec("acme")).await.unwrap());
    assert_eq!((again.action, again.operation), ("resumed", Some(id)));
    assert_eq!(ended(&control, id).await.state, OperationState::Succeeded);
    assert_eq!(world.routable().await, ["acme/live", "acme/test"]);
}
