//! The checks every token passes, whoever issued it: signature, times, issuer, subject, purpose.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, crypto};
use kernel::Clock;
use time::{Duration, OffsetDateTime};
use tracing::warn;

use super::{Claims, UnverifiedToken};
use crate::{
    actor::Subject,
    identity::{
        factors::is_multi_factor,
        refusal::CredentialRefusal,
        signing_keys::{IssuerKeys, KeySets, SigningKey},
    },
};

/// Longest subject, in bytes: what the tables of members and customers hold.
const SUBJECT_BYTES_MAX: usize = 255;
/// Claims of tokens that are no access tokens, or that are bound to a key the bearer did not prove to hold.
const FOREIGN_CLAIMS: [&str; 6] = ["nonce", "at_hash", "c_hash", "s_hash", "events", "cnf"];

/// Checks tokens against the published keys of their issuers.
#[derive(Clone, Debug)]
pub(crate) struct TokenVerifier {
    key_sets: KeySets,
    clock: Arc<dyn Clock>,
    leeway: Duration,
}

/// A token that its issuer signed and whose time it is. For whom it is meant is the caller's question.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    pub(crate) claims: Claims,
    pub(crate) subject: Subject,
    pub(crate) expires_at: OffsetDateTime,
    pub(crate) multi_factor: bool,
    /// Whose key signed it, and which: to see later whether the key is still published.
    pub(crate) keys: Arc<IssuerKeys>,
    pub(crate) key: Arc<SigningKey>,
}

impl TokenVerifier {
    pub(crate) fn new(key_sets: KeySets, leeway: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { key_sets, clock, leeway }
    }

    /// Checks everything that does not depend on who is asked. The caller has found the issuer to be registered
    /// and gives the algorithms registered for it.
    pub(crate) async fn verify(
        &self,
        token: UnverifiedToken<'_>,
        algorithms: &[Algorithm],
    ) -> Result<VerifiedToken, CredentialRefusal> {
        if !algorithms.contains(&token.algorithm) {
            return Err(CredentialRefusal::AlgorithmNotAllowed);
        }
        let issuer = token.issuer()?.to_owned();
        let keys = self.key_sets.of(&issuer).await;
        let key = self.key_sets.key(&keys, &token.key_id, token.algorithm).await?;
        check_signature(&token, &key)?;

        let claims = token.claims;
        let expires_at = self.check_times(&claims)?;
        if let Some(name) = FOREIGN_CLAIMS.into_iter().find(|name| claims.has(name)) {
            return Err(CredentialRefusal::WrongTokenType(name));
        }
        let subject = subject(&claims)?.to_owned();
        let multi_factor = is_multi_factor(claims.many("amr")?);
        Ok(VerifiedToken { claims, subject: Subject { issuer, subject }, expires_at, multi_factor, keys, key })
    }

    /// Whether a token that once was good has not run out meanwhile.
    pub(crate) fn is_current(&self, expires_at: OffsetDateTime) -> bool {
        self.clock.now() < expires_at
    }

    /// `exp` is required; `nbf` and `iat` must not lie ahead. Times are compared here and not by the JWT library,
    /// which asks the machine's clock. The answer is `exp` with the leeway added.
    fn check_times(&self, claims: &Claims) -> Result<OffsetDateTime, CredentialRefusal> {
        let now = self.clock.now();
        let expires_at = claims.seconds("exp")?.ok_or(CredentialRefusal::ClaimMissing("exp"))?;
        let expires_at = instant(expires_at).checked_add(self.leeway).unwrap_or(LAST_INSTANT);
        for name in ["nbf", "iat"] {
            let ahead = claims.seconds(name)?.is_some_and(|since| instant(since) > now.saturating_add(self.leeway));
            if ahead {
                return Err(CredentialRefusal::NotYetValid);
            }
        }
        if self.is_current(expires_at) { Ok(expires_at) } else { Err(CredentialRefusal::TokenExpired) }
    }
}

/// The end of representable time.
const LAST_INSTANT: OffsetDateTime = time::PrimitiveDateTime::MAX.assume_utc();
const FIRST_INSTANT: OffsetDateTime = time::PrimitiveDateTime::MIN.assume_utc();

/// Numbers beyond the calendar are its ends.
fn instant(unix_seconds: i64) -> OffsetDateTime {
    let end = if unix_seconds < 0 { FIRST_INSTANT } else { LAST_INSTANT };
    OffsetDateTime::from_unix_timestamp(unix_seconds).unwrap_or(end)
}

fn check_signature(token: &UnverifiedToken<'_>, key: &SigningKey) -> Result<(), CredentialRefusal> {
    match crypto::verify(token.signature, token.signed.as_bytes(), key.decoding_key(), token.algorithm) {
        Ok(true) => Ok(()),
        Ok(false) => Err(CredentialRefusal::BadSignature),
        Err(error) => {
            // Text that is no base 64, or a key that the library cannot use.
            warn!(%error, "a token's signature could not be checked");
            Err(CredentialRefusal::BadSignature)
        }
    }
}

fn subject(claims: &Claims) -> Result<&str, CredentialRefusal> {
    let subject = claims.text("sub", "sub")?;
    let plain = (1..=SUBJECT_BYTES_MAX).contains(&subject.len()) && !subject.chars().any(char::is_control);
    if plain { Ok(subject) } else { Err(CredentialRefusal::ClaimInvalid("sub")) }
}
