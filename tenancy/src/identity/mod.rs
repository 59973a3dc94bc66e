//! From a credential to a [`TenantScope`](crate::TenantScope): the only place that makes one.
//!
//! A text that begins like an API key is looked up in the environment its locator names; anything
//! else must be a token of a registered issuer. No header, host or path has a say in which tenant it
//! is. What is unknown, suspended or somebody else's is refused in the same words.

mod config;
mod credentials;
mod factors;
mod refusal;
mod resolver;
mod secret_key;
mod signing_keys;
mod staff;
mod token;

pub use config::{IdentityConfig, IdentityConfigError};
pub use refusal::{CredentialRefusal, RefusalClass};
pub use resolver::Resolver;
pub use secret_key::{ApiKeyFormError, ApiKeySecret, Locator};
pub use signing_keys::{IssuerUrl, IssuerUrlError, KeySets, KeySetsError, ProviderError};
pub use staff::{StaffIdentity, StaffIssuer, StaffRole, StaffVerifier};

/// Whether tokens may be signed with the algorithm of this name: only asymmetric ones are ever accepted.
pub fn is_allowed_algorithm(name: &str) -> bool {
    crate::directory::asymmetric(name).is_some()
}
