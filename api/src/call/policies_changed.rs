//! Telling every process that an environment's policies changed, after the commit.

use kernel::EnvironmentId;
use tenancy::hints::{Hint, HintKind};

use super::Caller;
use crate::Api;

/// An announcement to make once the change is committed. Without it the change still acts within a second.
#[derive(Debug)]
pub struct PoliciesChanged {
    api: Api,
    environment: EnvironmentId,
}

impl Caller {
    /// Prepares the announcement before the call is consumed by the write.
    pub fn policies_changed(&self) -> PoliciesChanged {
        PoliciesChanged { api: self.api.clone(), environment: self.scope.environment().id }
    }
}

impl PoliciesChanged {
    /// Drops this process's snapshot and hints at the others.
    pub async fn announce(self) {
        self.api.policies.invalidate(self.environment);
        self.api.hints.publish(&Hint::environment(HintKind::Policy, self.environment)).await;
    }
}
