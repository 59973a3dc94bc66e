//! The resolver: a credential goes in, a [`TenantScope`] comes out, or a refusal.

use std::{fmt, sync::Arc, time::Duration};

use kernel::{Clock, Mode};
use moka::future::Cache;
use time::OffsetDateTime;

use super::{
    config::IdentityConfig,
    credentials::CredentialStore,
    refusal::CredentialRefusal,
    secret_key::{PresentedApiKey, sha256},
    signing_keys::{IssuerKeys, KeySets, SigningKey},
    token::{TOKEN_BYTES_MAX, TokenVerifier, UnverifiedToken, VerifiedToken},
};
use crate::{
    Actor, TenantScope, UnitsOfWork,
    actor::Subject,
    cache::is_within,
    directory::{Directory, DirectorySnapshot, RegisteredIssuer},
};

/// How long a token that passed is not checked in full again.
const VERIFIED_TTL: Duration = Duration::from_mins(1);
/// Most such tokens.
const VERIFIED_MAX: u64 = 20_000;

/// Turns credentials into scopes. Clones share their caches.
#[derive(Clone)]
pub struct Resolver {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Directory,
    key_sets: KeySets,
    verifier: TokenVerifier,
    credentials: CredentialStore,
    /// Tokens that passed, by their SHA-256: the text itself is not kept.
    verified: Cache<[u8; 32], Arc<KnownToken>>,
    clock: Arc<dyn Clock>,
}

/// A token that passed. It counts only while everything it rested on still stands.
struct KnownToken {
    issuer: Arc<RegisteredIssuer>,
    keys: Arc<IssuerKeys>,
    key: Arc<SigningKey>,
    tenant: String,
    mode: Mode,
    subject: Arc<Subject>,
    multi_factor: bool,
    expires_at: OffsetDateTime,
    verified_at: OffsetDateTime,
}

impl Resolver {
    /// Reads nothing yet.
    pub fn new(
        units: UnitsOfWork,
        directory: Directory,
        key_sets: KeySets,
        config: &IdentityConfig,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let inner = Inner {
            directory,
            verifier: TokenVerifier::new(key_sets.clone(), config.token_leeway(), Arc::clone(&clock)),
            key_sets,
            credentials: CredentialStore::new(units, &clock),
            verified: Cache::builder().max_capacity(VERIFIED_MAX).time_to_live(VERIFIED_TTL).build(),
            clock,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Who acts where, by the text behind `Bearer`. Call it outside any transaction: it may begin one itself.
    pub async fn resolve_bearer(&self, text: &str) -> Result<TenantScope, CredentialRefusal> {
        if text.is_empty() {
            return Err(CredentialRefusal::Missing);
        }
        if PresentedApiKey::is_meant(text) {
            self.inner.resolve_api_key(text).await
        } else {
            self.inner.resolve_token(text).await
        }
    }

    /// Drops what is remembered of members and API keys. Called when a hint says that they changed.
    pub fn forget(&self) {
        self.inner.credentials.forget();
    }
}

impl Inner {
    async fn resolve_api_key(&self, text: &str) -> Result<TenantScope, CredentialRefusal> {
        let key = PresentedApiKey::parse(text).map_err(|_| CredentialRefusal::Malformed("API key"))?;
        let directory = self.directory.snapshot().await?;
        let environment = directory
            .by_locator(key.locator)
            .filter(|environment| environment.mode == key.mode)
            .ok_or(CredentialRefusal::TenantNotRoutable)?;
        let known = self.credentials.api_key(environment, key.hash()).await?.ok_or(CredentialRefusal::UnknownApiKey)?;
        if known.expires_at.is_some_and(|end| end <= self.clock.now()) {
            return Err(CredentialRefusal::ApiKeyExpired);
        }
        let actor = Actor::ApiKey { id: known.id, role: known.role.clone() };
        Ok(TenantScope::new(Arc::clone(environment), Arc::new(actor)))
    }

    async fn resolve_token(&self, text: &str) -> Result<TenantScope, CredentialRefusal> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(CredentialRefusal::Malformed("longer than 8 KiB"));
        }
        let hash = sha256(text.as_bytes());
        let directory = self.directory.snapshot().await?;
        let token = match self.verified.get(&hash).await.filter(|known| self.still_stands(known, &directory)) {
            Some(known) => known,
            None => self.verify(text, hash, &directory).await?,
        };
        let environment = directory
            .by_token(token.issuer.id, &token.tenant, token.mode)
            .ok_or(CredentialRefusal::TenantNotRoutable)?;
        let subject = Subject::clone(&token.subject);
        let multi_factor = token.multi_factor;
        let actor = match self.credentials.member(environment, &token.subject).await? {
            Some(member) => Actor::Member { id: member.id, subject, role: member.role.clone(), multi_factor },
            None => Actor::EndUser { subject, multi_factor },
        };
        Ok(TenantScope::new(Arc::clone(environment), Arc::new(actor)))
    }

    /// The whole check; a token that passes is remembered.
    async fn verify(
        &self,
        text: &str,
        hash: [u8; 32],
        directory: &DirectorySnapshot,
    ) -> Result<Arc<KnownToken>, CredentialRefusal> {
        let token = UnverifiedToken::parse(text)?;
        let issuer = Arc::clone(directory.issuer(token.issuer()?).ok_or(CredentialRefusal::UnknownIssuer)?);
        let verified_at = self.clock.now();
        let VerifiedToken { claims, subject, expires_at, multi_factor, keys, key } =
            self.verifier.verify(token, &issuer.algorithms).await?;
        let mode = mode_of(&claims.one_or_many("aud")?, &issuer)?;
        let tenant = claims.text(&issuer.tenant_claim, "tenant")?.to_owned();
        let subject = Arc::new(subject);
        let known = KnownToken { issuer, keys, key, tenant, mode, subject, multi_factor, expires_at, verified_at };
        let known = Arc::new(known);
        // A token for nobody is not remembered: who holds keys to an issuer could fill the cache with them.
        if directory.by_token(known.issuer.id, &known.tenant, known.mode).is_some() {
            self.verified.insert(hash, Arc::clone(&known)).await;
        }
        Ok(known)
    }

    /// Whether the token would pass again: its time is not over, its issuer is registered as it was, and its key
    /// is still published. Tenant and member are looked at with every request anyway.
    fn still_stands(&self, known: &KnownToken, directory: &DirectorySnapshot) -> bool {
        let recent =
            time::Duration::try_from(VERIFIED_TTL).is_ok_and(|ttl| is_within(self.clock.now(), known.verified_at, ttl));
        recent
            && self.verifier.is_current(known.expires_at)
            && self.key_sets.still_holds(&known.keys, &known.key)
            && directory
                .issuer(&known.issuer.url)
                .is_some_and(|issuer| Arc::ptr_eq(issuer, &known.issuer) || **issuer == *known.issuer)
    }
}

/// The one registered audience among those of the token. A token for both modes is for none: which one it acts in
/// must not depend on the request.
fn mode_of(audiences: &[&str], issuer: &RegisteredIssuer) -> Result<Mode, CredentialRefusal> {
    let mut modes = audiences.iter().filter_map(|audience| issuer.mode_of(audience));
    let first = modes.next().ok_or(CredentialRefusal::WrongAudience)?;
    if modes.all(|mode| mode == first) { Ok(first) } else { Err(CredentialRefusal::WrongAudience) }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Resolver").field("directory", &self.inner.directory).finish_non_exhaustive()
    }
}
