//! Members and API keys, read from the environment's own schema and remembered for a second.

use std::{sync::Arc, time::Duration};

use entity::tenant::{api_key, member};
use kernel::{ApiKeyId, Clock, EnvironmentId, MemberId};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use time::OffsetDateTime;

use super::refusal::CredentialRefusal;
use crate::{Environment, UnitsOfWork, actor::Subject, cache::ReadThrough, unit_of_work::UnitError};

/// How long a member's role or an API key is used without looking again: a change acts within this time.
const TTL: Duration = Duration::from_secs(1);
/// Most members remembered, the absent ones included.
const MEMBERS_MAX: u64 = 50_000;
/// Most API keys remembered, the unknown ones included.
const API_KEYS_MAX: u64 = 20_000;

/// What a member's row says.
#[derive(Debug)]
pub(super) struct KnownMember {
    pub(super) id: MemberId,
    pub(super) role: String,
}

/// What an API key's row says.
#[derive(Debug)]
pub(super) struct KnownApiKey {
    pub(super) id: ApiKeyId,
    pub(super) role: String,
    pub(super) expires_at: Option<OffsetDateTime>,
}

/// A lookup failed.
#[derive(Debug, Error)]
enum LookupError {
    #[error(transparent)]
    Unit(#[from] UnitError),
    #[error(transparent)]
    Query(#[from] DbErr),
}

/// Reads members and API keys. Each read is a unit of work of its own.
#[derive(Clone, Debug)]
pub(super) struct CredentialStore {
    units: UnitsOfWork,
    members: ReadThrough<(EnvironmentId, Arc<Subject>), Option<Arc<KnownMember>>>,
    api_keys: ReadThrough<(EnvironmentId, [u8; 32]), Option<Arc<KnownApiKey>>>,
}

impl CredentialStore {
    pub(super) fn new(units: UnitsOfWork, clock: &Arc<dyn Clock>) -> Self {
        Self {
            units,
            members: ReadThrough::new(MEMBERS_MAX, TTL, Arc::clone(clock)),
            api_keys: ReadThrough::new(API_KEYS_MAX, TTL, Arc::clone(clock)),
        }
    }

    /// The membership of a person in an environment, if there is one.
    pub(super) async fn member(
        &self,
        environment: &Arc<Environment>,
        subject: &Arc<Subject>,
    ) -> Result<Option<Arc<KnownMember>>, CredentialRefusal> {
        let read = || self.read_member(Arc::clone(environment), Arc::clone(subject));
        self.members.get_or_read((environment.id, Arc::clone(subject)), read).await.map_err(unavailable)
    }

    /// The API key of this hash in an environment, if there is one.
    pub(super) async fn api_key(
        &self,
        environment: &Arc<Environment>,
        hash: [u8; 32],
    ) -> Result<Option<Arc<KnownApiKey>>, CredentialRefusal> {
        let read = || self.read_api_key(Arc::clone(environment), hash);
        self.api_keys.get_or_read((environment.id, hash), read).await.map_err(unavailable)
    }

    /// Drops everything: it is a second old at most, and one hint may concern many rows.
    pub(super) fn forget(&self) {
        self.members.forget_all();
        self.api_keys.forget_all();
    }

    async fn read_member(
        &self,
        environment: Arc<Environment>,
        subject: Arc<Subject>,
    ) -> Result<Option<Arc<KnownMember>>, LookupError> {
        let work = self.units.run(environment, |tx| async move {
            let row = member::Entity::find()
                .filter(member::Column::Issuer.eq(&subject.issuer))
                .filter(member::Column::Subject.eq(&subject.subject))
                .one(&tx)
                .await?;
            tx.commit(row).await.map_err(|error| LookupError::Unit(error.into()))
        });
        let row = work.await?;
        Ok(row.map(|row| Arc::new(KnownMember { id: MemberId::from_uuid(row.id), role: row.role })))
    }

    async fn read_api_key(
        &self,
        environment: Arc<Environment>,
        hash: [u8; 32],
    ) -> Result<Option<Arc<KnownApiKey>>, LookupError> {
        let work = self.units.run(environment, move |tx| async move {
            let row = api_key::Entity::find().filter(api_key::Column::Hash.eq(hash.as_slice())).one(&tx).await?;
            tx.commit(row).await.map_err(|error| LookupError::Unit(error.into()))
        });
        // The index has compared already; what grants access is compared in constant time.
        let row = work.await?.filter(|row| bool::from(row.hash.as_slice().ct_eq(hash.as_slice())));
        Ok(row.map(|row| {
            let id = ApiKeyId::from_uuid(row.id);
            Arc::new(KnownApiKey { id, role: row.role, expires_at: row.expires_at })
        }))
    }
}

fn unavailable(error: Arc<LookupError>) -> CredentialRefusal {
    CredentialRefusal::CredentialStoreUnavailable(error)
}
