//! What ties a plan together.

use serde_json::json;

use super::Plan;
use crate::provisioning::{Change, TenantSpec, canonical};

/// SHA-256 over the canonical text of a plan's parts.
pub(super) fn checksum(base_revision: i64, changes: &[Change], specs: &[TenantSpec]) -> String {
    let parts = json!({ "base_revision": base_revision, "changes": changes, "specs": specs });
    format!("sha256:{}", hex::encode(canonical::sha256(&parts)))
}

impl Plan {
    /// Whether nothing was changed since it was made.
    pub(super) fn is_whole(&self) -> bool {
        self.checksum == checksum(self.base_revision, &self.changes, &self.specs)
    }
}
