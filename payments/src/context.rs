//! What every operation works with: the transaction, who acts, keys, time and chance.

use std::sync::Arc;

use kernel::{Clock, Entropy};
use keyring::{FieldKeys, KeyringError};
use policies::{Action, Permit, Reach};
use tenancy::{Actor, Environment, TenantTx, field_keys::FieldKeysError};
use time::OffsetDateTime;

use crate::Failure;

/// The surroundings of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The caller's transaction; the caller commits it.
    pub tx: &'a TenantTx,
    /// Who acts.
    pub actor: &'a Actor,
    /// The environment's field keys, or why there are none.
    pub keys: &'a KeyAccess,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Chance.
    pub entropy: &'a dyn Entropy,
}

impl<'a> Context<'a> {
    pub(crate) fn environment(&self) -> &'a Arc<Environment> {
        self.tx.environment()
    }

    pub(crate) fn livemode(&self) -> bool {
        self.environment().mode.is_live()
    }

    /// The current time as rows keep it, so that a new object reads the same when it is retrieved.
    pub(crate) fn now(&self) -> OffsetDateTime {
        let now = self.clock.now();
        now.replace_microsecond(now.microsecond()).unwrap_or(now)
    }

    /// How far the permit reaches here.
    pub(crate) fn reach<A: Action>(&self, permit: &Permit<A>) -> Result<Reach, Failure> {
        permit.reach_in(self.environment().id).map_err(Failure::ForeignPermit)
    }

    /// For objects that nobody owns: a permit that reaches less than all of them permits nothing.
    pub(crate) fn reach_all<A: Action>(&self, permit: &Permit<A>) -> Result<(), Failure> {
        match self.reach(permit)? {
            Reach::All => Ok(()),
            Reach::Own => Err(Failure::NarrowPermit { action: A::NAME }),
        }
    }
}

/// The environment's field keys as the caller got them before the transaction. That they could not be had
/// matters only to an operation that touches a sealed field.
#[derive(Clone, Debug)]
pub struct KeyAccess(Keys);

#[derive(Clone, Debug)]
enum Keys {
    Here(FieldKeys),
    Refused(KeyringError),
    Away(Arc<FieldKeysError>),
    NotFetched,
}

impl KeyAccess {
    /// For operations that touch no sealed field.
    pub const fn not_fetched() -> Self {
        Self(Keys::NotFetched)
    }

    /// The keys, where they are at hand.
    pub const fn at_hand(&self) -> Option<&FieldKeys> {
        match &self.0 {
            Keys::Here(keys) => Some(keys),
            Keys::Refused(_) | Keys::Away(_) | Keys::NotFetched => None,
        }
    }

    /// The keys, or why they cannot be had.
    pub fn get(&self) -> Result<&FieldKeys, Failure> {
        match &self.0 {
            Keys::Here(keys) => Ok(keys),
            Keys::Refused(error) => Err(Failure::Keyring(error.clone())),
            Keys::Away(error) => Err(Failure::FieldKeys(Arc::clone(error))),
            Keys::NotFetched => Err(Failure::KeysNotFetched),
        }
    }
}

impl From<FieldKeys> for KeyAccess {
    fn from(keys: FieldKeys) -> Self {
        Self(Keys::Here(keys))
    }
}

impl From<KeyringError> for KeyAccess {
    fn from(error: KeyringError) -> Self {
        Self(Keys::Refused(error))
    }
}

impl From<FieldKeysError> for KeyAccess {
    fn from(error: FieldKeysError) -> Self {
        Self(Keys::Away(Arc::new(error)))
    }
}

impl<E> From<Result<FieldKeys, E>> for KeyAccess
where
    Self: From<E>,
{
    fn from(keys: Result<FieldKeys, E>) -> Self {
        match keys {
            Ok(keys) => Self(Keys::Here(keys)),
            Err(error) => <Self as From<E>>::from(error),
        }
    }
}
