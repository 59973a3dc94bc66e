//! What a tenant should be, as staff ask for it.

mod check;
mod difference;

use keyring::ProviderKind;
use serde::{Deserialize, Serialize};

use kernel::{Mode, Slug};

pub(super) use check::{CheckedSpec, within};
pub use check::{MEMBER_ROLES, SpecRules};
pub(super) use difference::{differences, merged};

/// A whole tenant. The same form is the body of a request, an item of a file of tenants, and the stored record of
/// what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSpec {
    /// Short name; never changes.
    pub slug: Slug,
    /// Display name.
    pub name: String,
    /// Commercial plan.
    #[serde(default = "defaults::plan")]
    pub plan: String,
    /// Which KMS holds the keys of its environments; never changes.
    pub key_provider: ProviderKind,
    /// Keys the merchant brings; without them the provider makes one per environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_reference: Option<KeyReferences>,
    /// Who vouches for its people.
    pub issuer: IssuerSpec,
    /// People who are members of both environments from the start.
    #[serde(default)]
    pub members: Vec<MemberSpec>,
}

/// The merchant's own KMS keys. For an environment without one the provider makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyReferences {
    /// Of the live environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<String>,
    /// Of the test environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

/// A token issuer and how its tokens are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSpec {
    /// The `iss` of its tokens, exactly; never changes.
    pub url: String,
    /// Whether several tenants use it; never changes.
    #[serde(default)]
    pub shared: bool,
    /// The `aud` that means live.
    #[serde(default = "defaults::audience_live")]
    pub audience_live: String,
    /// The `aud` that means test.
    #[serde(default = "defaults::audience_test")]
    pub audience_test: String,
    /// The claim that names the tenant by its slug; never changes.
    #[serde(default = "defaults::tenant_claim")]
    pub tenant_claim: String,
    /// The signature algorithms accepted from it.
    #[serde(default = "defaults::algorithms")]
    pub algorithms: Vec<String>,
}

/// A member from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSpec {
    /// The `sub` at the tenant's issuer.
    pub subject: String,
    /// A built-in role.
    pub role: String,
}

/// What to change of a tenant; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantUpdate {
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Commercial plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Members to add, or whose role to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<MemberSpec>>,
    /// How the issuer's tokens are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerUpdate>,
}

/// What to change of an issuer; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerUpdate {
    /// The `aud` that means live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_live: Option<String>,
    /// The `aud` that means test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_test: Option<String>,
    /// The signature algorithms accepted from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<String>>,
}

impl TenantSpec {
    /// The key that the merchant brings for this environment.
    pub fn own_key(&self, mode: Mode) -> Option<&str> {
        let references = self.key_reference.as_ref()?;
        match mode {
            Mode::Live => references.live.as_deref(),
            Mode::Test => references.test.as_deref(),
        }
    }

    /// The specification after an update.
    pub(super) fn updated(&self, update: &TenantUpdate) -> Self {
        let mut spec = self.clone();
        let IssuerUpdate { audience_live, audience_test, algorithms } = update.issuer.clone().unwrap_or_default();
        replace(&mut spec.name, update.name.clone());
        replace(&mut spec.plan, update.plan.clone());
        replace(&mut spec.members, update.members.clone());
        replace(&mut spec.issuer.audience_live, audience_live);
        replace(&mut spec.issuer.audience_test, audience_test);
        replace(&mut spec.issuer.algorithms, algorithms);
        spec
    }
}

fn replace<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

/// What a specification means where it says nothing.
mod defaults {
    pub(super) fn plan() -> String {
        "standard".to_owned()
    }

    pub(super) fn audience_live() -> String {
        "urn:tessera:live".to_owned()
    }

    pub(super) fn audience_test() -> String {
        "urn:tessera:test".to_owned()
    }

    pub(super) fn tenant_claim() -> String {
        "tenant".to_owned()
    }

    pub(super) fn algorithms() -> Vec<String> {
        vec!["RS256".to_owned()]
    }
}
