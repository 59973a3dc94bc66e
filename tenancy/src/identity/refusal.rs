//! Why a credential was refused, and how little of it may be told.

use std::{error::Error as StdError, sync::Arc};

use thiserror::Error;

use crate::directory::DirectoryError;

/// What the client may learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalClass {
    /// 401 with one body for all: whether a tenant is unknown, suspended or somebody else's cannot be told apart.
    Unauthorized,
    /// 401 that may say so: the credential was genuine and is past its time.
    Expired,
    /// 503: what is needed to judge the credential cannot be reached.
    Unavailable,
}

/// Why a credential was refused. The text is for logs, never for clients.
#[derive(Clone, Debug, Error)]
pub enum CredentialRefusal {
    /// There is none.
    #[error("no credential")]
    Missing,
    /// It is neither an API key nor a token.
    #[error("malformed credential: {0}")]
    Malformed(&'static str),
    /// The token's time is over.
    #[error("the token has expired")]
    TokenExpired,
    /// The API key's time is over.
    #[error("the API key has expired")]
    ApiKeyExpired,
    /// The token's time has not come: `nbf` or `iat` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// No routable tenant trusts this issuer.
    #[error("unknown issuer")]
    UnknownIssuer,
    /// The token names an algorithm its issuer does not use.
    #[error("algorithm not allowed")]
    AlgorithmNotAllowed,
    /// The issuer publishes no key of this id that fits the algorithm.
    #[error("unknown signing key")]
    UnknownSigningKey,
    /// The signature does not fit.
    #[error("wrong signature")]
    BadSignature,
    /// The token is for somebody else, for nobody, or for both modes at once.
    #[error("wrong audience")]
    WrongAudience,
    /// It is a token, but no access token.
    #[error("not an access token: {0}")]
    WrongTokenType(&'static str),
    /// A claim is missing.
    #[error("claim `{0}` is missing")]
    ClaimMissing(&'static str),
    /// A claim has the wrong type or form.
    #[error("claim `{0}` has the wrong form")]
    ClaimInvalid(&'static str),
    /// The tenant is unknown, suspended, without this mode, or vouched for by another issuer.
    #[error("no such tenant for this credential")]
    TenantNotRoutable,
    /// No environment has this API key.
    #[error("unknown API key")]
    UnknownApiKey,
    /// A staff token without one of the staff roles.
    #[error("no staff role")]
    StaffRoleMissing,
    /// The issuer's keys cannot be had.
    #[error("the identity provider cannot be reached")]
    IdentityProviderUnavailable,
    /// The routing tables cannot be read.
    #[error("the directory cannot be read")]
    DirectoryUnavailable(#[source] DirectoryError),
    /// Members and API keys cannot be read.
    #[error("credentials cannot be looked up")]
    CredentialStoreUnavailable(#[source] Arc<dyn StdError + Send + Sync>),
}

impl CredentialRefusal {
    /// What the client may learn.
    pub const fn class(&self) -> RefusalClass {
        match self {
            Self::TokenExpired | Self::ApiKeyExpired => RefusalClass::Expired,
            Self::IdentityProviderUnavailable | Self::DirectoryUnavailable(_) | Self::CredentialStoreUnavailable(_) => {
                RefusalClass::Unavailable
            }
            Self::Missing
            | Self::Malformed(_)
            | Self::NotYetValid
            | Self::UnknownIssuer
            | Self::AlgorithmNotAllowed
            | Self::UnknownSigningKey
            | Self::BadSignature
            | Self::WrongAudience
            | Self::WrongTokenType(_)
            | Self::ClaimMissing(_)
            | Self::ClaimInvalid(_)
            | Self::TenantNotRoutable
            | Self::UnknownApiKey
            | Self::StaffRoleMissing => RefusalClass::Unauthorized,
        }
    }

    /// A stable word for logs, metrics and the audit log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "credential_missing",
            Self::Malformed(_) => "credential_malformed",
            Self::TokenExpired => "token_expired",
            Self::ApiKeyExpired => "api_key_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::UnknownIssuer => "issuer_unknown",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::UnknownSigningKey => "signing_key_unknown",
            Self::BadSignature => "signature_invalid",
            Self::WrongAudience => "audience_wrong",
            Self::WrongTokenType(_) => "token_type_wrong",
            Self::ClaimMissing(_) => "claim_missing",
            Self::ClaimInvalid(_) => "claim_invalid",
            Self::TenantNotRoutable => "tenant_not_routable",
            Self::UnknownApiKey => "api_key_unknown",
            Self::StaffRoleMissing => "staff_role_missing",
            Self::IdentityProviderUnavailable => "identity_provider_unavailable",
            Self::DirectoryUnavailable(_) => "directory_unavailable",
            Self::CredentialStoreUnavailable(_) => "credential_store_unavailable",
        }
    }
}

impl From<DirectoryError> for CredentialRefusal {
    fn from(error: DirectoryError) -> Self {
        Self::DirectoryUnavailable(error)
    }
}
