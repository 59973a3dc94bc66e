//! What most tests start from: a clock, an environment with its keys, a place to seal for.

use std::sync::Arc;

use kernel::{Clock, DataKeyId, Entropy, EnvironmentId, FixedClock, SystemEntropy, TenantId};
use keyring::{
    EnvironmentKey, KeyContext, KeyOwner, KeyProvider, Keyring, KeyringError, KeyringLimits, LocalKeys, Place, Purpose,
    Sealed, WrappedDataKey,
};
use sea_orm::{Value, sea_query::ValueType};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const START: i64 = 1_790_000_000;
pub(crate) const EMAIL: Place = Place::new("customer", "email", Uuid::from_u128(7));

pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(START))
}

pub(crate) fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

pub(crate) fn owner() -> KeyOwner {
    let clock = FixedClock::new(START);
    KeyOwner {
        tenant: TenantId::generate(&clock, &SystemEntropy),
        environment: EnvironmentId::generate(&clock, &SystemEntropy),
    }
}

pub(crate) fn context(owner: &KeyOwner) -> KeyContext {
    KeyContext {
        tenant: owner.tenant,
        environment: owner.environment,
        purpose: Purpose::Fields,
        data_key: DataKeyId::generate(&FixedClock::new(START), &SystemEntropy),
    }
}

/// The same context with one part changed, for each part.
pub(crate) fn neighbours(context: &KeyContext) -> [KeyContext; 4] {
    let other = self::context(&owner());
    [
        KeyContext { tenant: other.tenant, ..*context },
        KeyContext { environment: other.environment, ..*context },
        KeyContext { purpose: Purpose::Index, ..*context },
        KeyContext { data_key: other.data_key, ..*context },
    ]
}

pub(crate) fn keyring_on(provider: Arc<dyn KeyProvider>, limits: KeyringLimits, clock: Arc<dyn Clock>) -> Keyring {
    Keyring::new(vec![provider], limits, clock, entropy())
}

/// A keyring on master key files that vanish with the directory.
pub(crate) fn local_keyring(clock: &Arc<FixedClock>) -> (TempDir, Keyring) {
    let directory = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::<FixedClock>::clone(clock);
    let local = LocalKeys::open(directory.path().join("keys"), Arc::clone(&clock), entropy()).unwrap();
    (directory, keyring_on(Arc::new(local), KeyringLimits::default(), clock))
}

/// An environment as provisioning leaves it: a KMS key and a data key of each purpose.
pub(crate) async fn provision(
    keyring: &Keyring,
    provider: keyring::ProviderKind,
) -> Result<(EnvironmentKey, Vec<WrappedDataKey>), KeyringError> {
    let owner = owner();
    let reference = keyring.create_key(provider, &owner).await?;
    let key = EnvironmentKey { tenant: owner.tenant, environment: owner.environment, reference };
    let mut data_keys = Vec::new();
    for purpose in Purpose::ALL {
        data_keys.push(keyring.generate_data_key(&key, purpose).await?);
    }
    Ok((key, data_keys))
}

/// What a row read from the database holds.
pub(crate) fn stored<T>(bytes: Vec<u8>) -> Sealed<T> {
    <Sealed<T> as ValueType>::try_from(Value::Bytes(Some(bytes))).unwrap()
}
