//! The platform's own staff, vouched for by one configured issuer.

use std::{fmt, str::FromStr, sync::Arc};

use jsonwebtoken::Algorithm;
use kernel::Clock;
use time::OffsetDateTime;

use super::{
    config::IdentityConfig,
    refusal::CredentialRefusal,
    signing_keys::{IssuerUrl, KeySets},
    token::{TokenVerifier, UnverifiedToken},
};
use crate::actor::Subject;

/// What staff tokens may be signed with.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
/// The claim that names the role.
const ROLE_CLAIM: &str = "staff_role";

/// Who vouches for the staff, and for whom their tokens are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffIssuer {
    /// The `iss` of their tokens.
    pub issuer: IssuerUrl,
    /// The `aud` of their tokens.
    pub audience: String,
}

/// What a member of the staff may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StaffRole {
    /// Everything.
    Admin,
    /// The daily work.
    Operator,
    /// Looking.
    ReadOnly,
}

impl StaffRole {
    /// The name that policies know.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "staff_admin",
            Self::Operator => "staff_operator",
            Self::ReadOnly => "staff_read_only",
        }
    }
}

impl fmt::Display for StaffRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for StaffRole {
    type Err = CredentialRefusal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Admin, Self::Operator, Self::ReadOnly]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(CredentialRefusal::StaffRoleMissing)
    }
}

/// A member of the staff, as a verified token tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffIdentity {
    /// The person or service.
    pub subject: Subject,
    /// What he may.
    pub role: StaffRole,
    /// When the token ends, leeway included.
    pub expires_at: OffsetDateTime,
    /// Whether more than one factor was used to sign in.
    pub multi_factor: bool,
}

/// Verifies staff tokens. Every one is checked in full: there are few of them.
#[derive(Clone, Debug)]
pub struct StaffVerifier {
    registered: StaffIssuer,
    verifier: TokenVerifier,
}

impl StaffVerifier {
    /// Trusts this issuer.
    pub fn new(key_sets: KeySets, registered: StaffIssuer, config: &IdentityConfig, clock: Arc<dyn Clock>) -> Self {
        Self { registered, verifier: TokenVerifier::new(key_sets, config.token_leeway(), clock) }
    }

    /// Who it is, by the text behind `Bearer`.
    pub async fn verify_bearer(&self, text: &str) -> Result<StaffIdentity, CredentialRefusal> {
        if text.is_empty() {
            return Err(CredentialRefusal::Missing);
        }
        let token = UnverifiedToken::parse(text)?;
        if token.issuer()? != self.registered.issuer.as_str() {
            return Err(CredentialRefusal::UnknownIssuer);
        }
        let token = self.verifier.verify(token, &ALGORITHMS).await?;
        if !token.claims.one_or_many("aud")?.contains(&self.registered.audience.as_str()) {
            return Err(CredentialRefusal::WrongAudience);
        }
        let role = match token.claims.text(ROLE_CLAIM, ROLE_CLAIM) {
            Err(CredentialRefusal::ClaimMissing(_)) => return Err(CredentialRefusal::StaffRoleMissing),
            other => other?.parse()?,
        };
        let (subject, expires_at) = (token.subject, token.expires_at);
        Ok(StaffIdentity { subject, role, expires_at, multi_factor: token.multi_factor })
    }
}
