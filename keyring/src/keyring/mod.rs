//! The keyring of a process: providers, the data keys they unwrapped, and what may be done with them.

mod life_cycle;

use std::{collections::HashMap, fmt, sync::Arc};

use futures::{StreamExt, stream};
use kernel::{Clock, DataKeyId, Entropy, EnvironmentId};

use crate::{
    AwsKms, EnvironmentKey, FieldKeys, KeyContext, KeyOwner, KeyProvider, KeyReference, KeyringConfig, KeyringError,
    KeyringLimits, LocalKeys, ProviderKind, Purpose, VaultTransit, WrappedDataKey,
    cache::{DataKeyCache, HandOut, UnwrappedKey},
    config::confidential_url,
    counts::MessageCounts,
    field_keys::{FieldKey, Held, IndexKey, Shared},
    provider::Guard,
};

/// Data keys of one environment that are fetched at the same time.
const FETCHES_AT_ONCE: usize = 8;

/// Unwraps data keys and hands them out. A clone is a reference; a process has one.
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    guards: HashMap<ProviderKind, Arc<Guard>>,
    cache: DataKeyCache,
    counts: MessageCounts,
    limits: KeyringLimits,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Keyring {
    /// A keyring with the providers that are configured. Calls none of them yet.
    pub async fn connect(
        config: &KeyringConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, KeyringError> {
        let mut providers: Vec<Arc<dyn KeyProvider>> = Vec::new();
        if let Some(directory) = &config.local_directory {
            providers.push(Arc::new(LocalKeys::open(directory.clone(), Arc::clone(&clock), Arc::clone(&entropy))?));
        }
        if let Some(region) = &config.aws_region {
            let endpoint = config.aws_endpoint_url.as_deref();
            let endpoint = endpoint.map(|text| confidential_url("aws_endpoint_url", text)).transpose()?;
            providers.push(Arc::new(AwsKms::from_environment(region, endpoint.as_ref()).await));
        }
        if let Some(address) = &config.vault_address {
            let address = confidential_url("vault_address", address)?;
            let token_file = config.vault_token_file.clone().ok_or(KeyringError::Configuration {
                key: "vault_token_file",
                reason: "is needed beside vault_address".into(),
            })?;
            providers.push(Arc::new(VaultTransit::try_new(&address, &config.vault_mount, token_file)?));
        }
        Ok(Self::new(providers, config.limits()?, clock, entropy))
    }

    /// A keyring on providers that are set up already, one of each kind.
    pub fn new(
        providers: Vec<Arc<dyn KeyProvider>>,
        limits: KeyringLimits,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let guards = providers
            .into_iter()
            .map(|provider| {
                let kind = provider.kind();
                let (clock, entropy) = (Arc::clone(&clock), Arc::clone(&entropy));
                (kind, Arc::new(Guard::new(provider, limits.attempt_time_max, clock, entropy)))
            })
            .collect();
        let cache = DataKeyCache::new(limits.clone(), Arc::clone(&clock));
        Self { inner: Arc::new(Inner { guards, cache, counts: MessageCounts::default(), limits, clock, entropy }) }
    }

    /// Whether keys of this provider can be used.
    pub fn offers(&self, kind: ProviderKind) -> bool {
        self.inner.guards.contains_key(&kind)
    }

    /// The KMS key of an environment, created unless it is there. Killed and run again it is the same key.
    pub async fn create_key(&self, provider: ProviderKind, owner: &KeyOwner) -> Result<KeyReference, KeyringError> {
        let guard = self.guard(provider)?;
        guard.call_once(|| guard.provider().create_key(owner)).await
    }

    /// Proves that a key can wrap and unwrap for this environment: for keys that merchants bring along.
    pub async fn check_key(&self, key: &EnvironmentKey) -> Result<(), KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        let context = key.context(Purpose::Fields, self.new_data_key_id());
        let wrapped = guard.call(|| guard.provider().generate_data_key(&key.reference, &context)).await?;
        guard.call(|| guard.provider().unwrap(&key.reference, &context, &wrapped)).await.map(drop)
    }

    /// A new data key for an environment, wrapped under its KMS key and seen by nobody.
    pub async fn generate_data_key(
        &self,
        key: &EnvironmentKey,
        purpose: Purpose,
    ) -> Result<WrappedDataKey, KeyringError> {
        let guard = self.guard(key.reference.provider())?;
        let id = self.new_data_key_id();
        let context = key.context(purpose, id);
        let wrapped = guard.call(|| guard.provider().generate_data_key(&key.reference, &context)).await?;
        let created_at = self.inner.clock.now();
        Ok(WrappedDataKey { id, purpose, wrapped, key: key.reference.clone(), created_at, retired_at: None })
    }

    /// The keys of an environment, ready to seal and open; from memory where they are there.
    ///
    /// Fails when a key in use cannot be had. A retired one that cannot be had fails only what needs it.
    pub async fn field_keys(
        &self,
        key: &EnvironmentKey,
        data_keys: &[WrappedDataKey],
    ) -> Result<FieldKeys, KeyringError> {
        let newest_fields = newest_in_use(data_keys, Purpose::Fields);
        let newest_index = newest_in_use(data_keys, Purpose::Index);
        // The futures are made before they are streamed: a closure inside the stream would make this future one
        // that callers cannot prove to be `Send`.
        let under_way: Vec<_> = data_keys
            .iter()
            .map(|data_key| async move {
                let hand_out =
                    if newest_fields == Some(data_key.id) { HandOut::ForSealing } else { HandOut::ForReading };
                (data_key, self.unwrapped(key, data_key, hand_out).await)
            })
            .collect();
        let fetched: Vec<(&WrappedDataKey, Result<UnwrappedKey, KeyringError>)> =
            stream::iter(under_way).buffered(FETCHES_AT_ONCE).collect().await;
        let mut shared = Shared {
            tenant: key.tenant,
            environment: key.environment,
            sealing: None,
            fields: Vec::new(),
            indexing: None,
            indexes: Vec::new(),
            entropy: Arc::clone(&self.inner.entropy),
        };
        for (data_key, outcome) in fetched {
            let id = data_key.id;
            if let Err(error) = &outcome
                && (newest_fields == Some(id) || newest_index == Some(id))
            {
                return Err(error.clone());
            }
            match data_key.purpose {
                Purpose::Fields => shared.fields.push((id, outcome.and_then(as_field_key))),
                Purpose::Index => shared.indexes.push((id, outcome.and_then(as_index_key))),
            }
        }
        shared.sealing = held(&shared.fields, newest_fields);
        shared.indexing = held(&shared.indexes, newest_index);
        Ok(FieldKeys::new(shared))
    }

    /// Drops every unwrapped data key of an environment: its KMS key was disabled, destroyed or rotated.
    pub fn forget(&self, environment: EnvironmentId) {
        self.inner.cache.forget(environment);
    }

    /// Drops the data keys whose time is over. Call it now and then; they are not handed out any more in any case.
    pub fn sweep(&self) {
        self.inner.cache.sweep();
    }

    async fn unwrapped(
        &self,
        key: &EnvironmentKey,
        data_key: &WrappedDataKey,
        hand_out: HandOut,
    ) -> Result<UnwrappedKey, KeyringError> {
        let provider = data_key.key.provider();
        let guard = Arc::clone(self.guard(provider)?);
        let context = key.context(data_key.purpose, data_key.id);
        let inner = Arc::clone(&self.inner);
        let fetch = || {
            let (reference, wrapped) = (data_key.key.clone(), data_key.wrapped.clone());
            async move {
                let material = guard.call(|| guard.provider().unwrap(&reference, &context, &wrapped)).await?;
                inner.prepare(&context, material)
            }
        };
        self.inner.cache.get(context, hand_out, provider, fetch).await
    }

    fn guard(&self, provider: ProviderKind) -> Result<&Arc<Guard>, KeyringError> {
        self.inner.guards.get(&provider).ok_or(KeyringError::NotConfigured { provider })
    }

    fn new_data_key_id(&self) -> DataKeyId {
        DataKeyId::generate(self.inner.clock.as_ref(), self.inner.entropy.as_ref())
    }
}

impl Inner {
    fn prepare(&self, context: &KeyContext, material: crate::DataKeyMaterial) -> Result<UnwrappedKey, KeyringError> {
        let id = context.data_key;
        Ok(match context.purpose {
            Purpose::Fields => {
                let counter = self.counts.counter(id);
                UnwrappedKey::Field(Arc::new(FieldKey::try_new(id, &material, counter, self.limits.messages_max)?))
            }
            Purpose::Index => UnwrappedKey::Index(Arc::new(IndexKey::new(material))),
        })
    }
}

/// The newest data key of a purpose that is not retired; ids decide between two of one second.
fn newest_in_use(data_keys: &[WrappedDataKey], purpose: Purpose) -> Option<DataKeyId> {
    data_keys
        .iter()
        .filter(|data_key| data_key.purpose == purpose && data_key.retired_at.is_none())
        .max_by_key(|data_key| (data_key.created_at, data_key.id))
        .map(|data_key| data_key.id)
}

fn held<K>(keys: &[Held<K>], wanted: Option<DataKeyId>) -> Option<Arc<K>> {
    let (_, outcome) = keys.iter().find(|(id, _)| Some(*id) == wanted)?;
    outcome.as_ref().ok().cloned()
}

// The cache's key holds the purpose, so the other kind cannot come back; if it did, it must not be used.
fn as_field_key(key: UnwrappedKey) -> Result<Arc<FieldKey>, KeyringError> {
    match key {
        UnwrappedKey::Field(key) => Ok(key),
        UnwrappedKey::Index(_) => Err(KeyringError::Malformed),
    }
}

fn as_index_key(key: UnwrappedKey) -> Result<Arc<IndexKey>, KeyringError> {
    match key {
        UnwrappedKey::Index(key) => Ok(key),
        UnwrappedKey::Field(_) => Err(KeyringError::Malformed),
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keyring").field("providers", &self.inner.guards.keys()).finish_non_exhaustive()
    }
}
