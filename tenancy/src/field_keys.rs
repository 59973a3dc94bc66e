//! The keys that seal and open an environment's fields, ready for a unit of work.
//!
//! It reads the wrapped data keys of an environment in a short transaction of its own and lets the
//! keyring unwrap them. An environment whose KMS key is not enabled gets none, at once.

use std::{sync::Arc, time::Duration as StdDuration};

use entity::tenant::data_key;
use kernel::{Clock, DataKeyId, EnvironmentId};
use keyring::{
    EnvironmentKey, ErrorClass, FieldKeys, KeyReference, KeyState, Keyring, KeyringError, Purpose, WrappedDataKey,
};
use sea_orm::{DbErr, EntityTrait as _, QueryOrder as _, QuerySelect as _};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::{Environment, UnitsOfWork, cache::ReadThrough, unit_of_work::UnitError};

/// How long the wrapped keys are used without reading them again.
const TTL: StdDuration = StdDuration::from_secs(2);
/// A new data key seals nothing until every process has had twice that long to read it; until then its
/// predecessor does, and what it sealed meanwhile elsewhere can be opened.
const SETTLING: Duration = Duration::seconds(5);
/// Most environments remembered.
const ENVIRONMENTS_MAX: u64 = 10_000;
/// Most data keys of one environment: one more a quarter for centuries.
const DATA_KEYS_MAX: u64 = 1_000;

/// Why there are no keys.
#[derive(Clone, Debug, Error)]
pub enum FieldKeysError {
    /// The environment's KMS key is disabled, waiting for its destruction, or destroyed.
    #[error("the environment's key is {}", .0.as_str())]
    KeyNotEnabled(KeyState),
    /// The wrapped keys could not be read.
    #[error("cannot read the environment's data keys")]
    Read(#[source] Arc<ReadError>),
    /// The keyring refuses.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

/// Why the wrapped keys could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The transaction failed.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// The query failed.
    #[error(transparent)]
    Query(#[from] DbErr),
    /// A row names no known purpose or key.
    #[error("data key {0} is not well-formed")]
    Malformed(DataKeyId),
}

impl FieldKeysError {
    /// Whether trying again later may help: answer 503. Otherwise something is wrong with what is stored.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::KeyNotEnabled(_) => true,
            Self::Read(error) => !matches!(**error, ReadError::Malformed(_)),
            Self::Keyring(error) => error.class() == ErrorClass::Unavailable,
        }
    }

    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyNotEnabled(_) => "key_not_enabled",
            Self::Read(_) => "data_keys_unreadable",
            Self::Keyring(_) => "keyring_failed",
        }
    }
}

/// Hands out the keys of environments. Clones share what they remember.
#[derive(Clone, Debug)]
pub struct FieldKeyring {
    units: UnitsOfWork,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
    data_keys: ReadThrough<EnvironmentId, Arc<[WrappedDataKey]>>,
}

impl FieldKeyring {
    /// Reads nothing yet.
    pub fn new(units: UnitsOfWork, keyring: Keyring, clock: Arc<dyn Clock>) -> Self {
        let data_keys = ReadThrough::new(ENVIRONMENTS_MAX, TTL, Arc::clone(&clock));
        Self { units, keyring, clock, data_keys }
    }

    /// The keyring beneath.
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The keys of an environment, for one unit of work. Call it before the transaction begins: it may begin one
    /// itself and may ask a key service, and nothing waits on the network inside a transaction.
    pub async fn field_keys(&self, environment: &Arc<Environment>) -> Result<FieldKeys, FieldKeysError> {
        if environment.key_state != KeyState::Enabled {
            // Unwrapped keys must not outlive the permission to use them.
            self.keyring.forget(environment.id);
            return Err(FieldKeysError::KeyNotEnabled(environment.key_state));
        }
        let read = || read(self.units.clone(), Arc::clone(environment));
        let data_keys = self.data_keys.get_or_read(environment.id, read).await.map_err(FieldKeysError::Read)?;
        let key = EnvironmentKey {
            tenant: environment.tenant,
            environment: environment.id,
            reference: environment.key.clone(),
        };
        Ok(match settled(&data_keys, self.clock.now()) {
            Some(settled) => self.keyring.field_keys(&key, &settled).await?,
            None => self.keyring.field_keys(&key, &data_keys).await?,
        })
    }

    /// Drops what is remembered of wrapped keys. Called when a hint says that keys changed.
    pub fn forget(&self) {
        self.data_keys.forget_all();
    }
}

async fn read(units: UnitsOfWork, environment: Arc<Environment>) -> Result<Arc<[WrappedDataKey]>, ReadError> {
    let rows = units
        .run(environment, |tx| async move {
            let rows = data_key::Entity::find()
                .order_by_desc(data_key::Column::CreatedAt)
                .limit(DATA_KEYS_MAX)
                .all(&tx)
                .await?;
            tx.commit(rows).await.map_err(|error| ReadError::Unit(error.into()))
        })
        .await?;
    rows.into_iter().map(wrapped).collect()
}

fn wrapped(row: data_key::Model) -> Result<WrappedDataKey, ReadError> {
    let id = DataKeyId::from_uuid(row.id);
    let malformed = || ReadError::Malformed(id);
    let purpose: Purpose = row.purpose.parse().map_err(|_| malformed())?;
    let provider = row.key_provider.parse().map_err(|_| malformed())?;
    let key = KeyReference::try_new(provider, &row.key_reference).map_err(|_| malformed())?;
    let (created_at, retired_at) = (row.created_at, row.retired_at);
    Ok(WrappedDataKey { id, purpose, wrapped: row.wrapped, key, created_at, retired_at })
}

/// The list with keys that are too new to be used put back in favour of their predecessors, or nothing if no key
/// is that new. Other processes may not know a new key yet and could not open what it seals.
fn settled(data_keys: &[WrappedDataKey], now: OffsetDateTime) -> Option<Vec<WrappedDataKey>> {
    let is_new = |key: &WrappedDataKey| now - key.created_at < SETTLING;
    if !data_keys.iter().any(is_new) {
        return None;
    }
    let mut settled = data_keys.to_vec();
    for purpose in Purpose::ALL {
        // The newest that everybody knows; without one (a new environment) the newest of all has to do.
        let predecessor = data_keys
            .iter()
            .filter(|key| key.purpose == purpose && !is_new(key))
            .filter(|key| key.retired_at.is_none_or(|retired_at| now - retired_at < SETTLING))
            .max_by_key(|key| key.created_at)
            .map(|key| key.id);
        let Some(predecessor) = predecessor else { continue };
        for key in settled.iter_mut().filter(|key| key.purpose == purpose) {
            if key.id == predecessor {
                key.retired_at = None;
            } else if now - key.created_at < SETTLING {
                key.retired_at = Some(now);
            }
        }
    }
    Some(settled)
}

#[cfg(test)]
mod tests {
    use kernel::{FixedClock, SeededEntropy};
    use keyring::ProviderKind;

    use super::*;

    fn key(purpose: Purpose, age_seconds: i64, retired_seconds_ago: Option<i64>) -> WrappedDataKey {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let ago = |seconds| now - Duration::seconds(seconds);
        WrappedDataKey {
            id: DataKeyId::generate(&FixedClock::new(age_seconds), &SeededEntropy::new(age_seconds.unsigned_abs())),
            purpose,
            wrapped: Vec::new(),
            key: KeyReference::try_new(ProviderKind::Local, "env_1").unwrap(),
            created_at: ago(age_seconds),
            retired_at: retired_seconds_ago.map(ago),
        }
    }

    /// Which of the keys of a purpose would seal, by its age in seconds.
    fn sealing(data_keys: &[WrappedDataKey], purpose: Purpose) -> Option<i64> {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let settled = settled(data_keys, now).unwrap_or_else(|| data_keys.to_vec());
        assert_eq!(settled.len(), data_keys.len(), "every key stays there for opening");
        let newest = settled.iter().filter(|key| key.purpose == purpose && key.retired_at.is_none());
        newest.max_by_key(|key| key.created_at).map(|key| (now - key.created_at).whole_seconds())
    }

    #[test]
    fn a_new_key_seals_only_when_everybody_had_time_to_read_it() {
        let fresh = [key(Purpose::Fields, 3, None), key(Purpose::Fields, 500, Some(3)), key(Purpose::Index, 500, None)];
        assert_eq!(sealing(&fresh, Purpose::Fields), Some(500));
        assert_eq!(sealing(&fresh, Purpose::Index), Some(500));
        let later = [key(Purpose::Fields, 5, None), key(Purpose::Fields, 500, Some(5))];
        assert_eq!(sealing(&later, Purpose::Fields), Some(5));
    }

    #[test]
    fn the_first_key_of_an_environment_seals_at_once() {
        assert_eq!(sealing(&[key(Purpose::Fields, 1, None)], Purpose::Fields), Some(1));
    }

    #[test]
    fn a_key_retired_long_ago_is_not_brought_back() {
        let keys = [key(Purpose::Fields, 3, None), key(Purpose::Fields, 900, Some(600))];
        assert_eq!(sealing(&keys, Purpose::Fields), Some(3));
    }
}
