//! A tenant as the control plane sees it.

use kernel::{IssuerId, Mode, Slug, TenantId};
use time::OffsetDateTime;

use crate::provisioning::{Environment, IssuerSpec, TenantSpec, operation::words};

words! {
    /// Whether a tenant's requests are served.
    TenantStatus in "platform.tenant" {
        /// Not yet.
        Provisioning = "provisioning",
        /// Yes.
        Active = "active",
        /// Not for now.
        Suspended = "suspended",
        /// Never again.
        Offboarded = "offboarded",
    }
}

/// A tenant, whatever its status.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// Identifier.
    pub id: TenantId,
    /// Short name.
    pub slug: Slug,
    /// Display name.
    pub name: String,
    /// Commercial plan.
    pub plan: String,
    /// Whether it is served.
    pub status: TenantStatus,
    /// The registered issuer.
    pub issuer_id: IssuerId,
    /// How its tokens are read.
    pub issuer: IssuerSpec,
    /// Live first, then test.
    pub environments: Vec<Environment>,
    /// What was asked for.
    pub spec: TenantSpec,
    /// Grows with every change.
    pub revision: i64,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

impl Tenant {
    /// The environment of a mode.
    pub fn environment(&self, mode: Mode) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.mode == mode)
    }
}

/// Which tenants to list.
#[derive(Clone, Debug, Default)]
pub struct TenantFilter {
    /// Only those with this status.
    pub status: Option<TenantStatus>,
    /// Only those older than this one.
    pub starting_after: Option<TenantId>,
    /// How many at most.
    pub limit: u64,
}
