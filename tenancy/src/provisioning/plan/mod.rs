//! Plans: the difference between a file of tenants and the platform, saved, then applied exactly.

mod apply;
mod checksum;
mod make;

use serde::{Deserialize, Serialize};

use super::{Change, TenantSpec};

pub(super) use apply::apply;

/// Most tenants in a plan: what fits into a request.
pub const PLAN_TENANTS_MAX: usize = 400;

/// What would be done, and the state it was computed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The platform's revision when the plan was made.
    pub base_revision: i64,
    /// The differences, in the order of the specifications.
    pub changes: Vec<Change>,
    /// SHA-256 over everything else.
    pub checksum: String,
    /// What was asked for.
    pub specs: Vec<TenantSpec>,
}
