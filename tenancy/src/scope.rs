//! The proof that a credential was verified: which environment, which actor.

use std::sync::Arc;

use crate::{Actor, Environment};

/// Who acts, where. Made only by [`crate::identity`] from a verified credential.
#[derive(Clone, Debug)]
pub struct TenantScope {
    environment: Arc<Environment>,
    actor: Arc<Actor>,
}

impl TenantScope {
    pub(crate) const fn new(environment: Arc<Environment>, actor: Arc<Actor>) -> Self {
        Self { environment, actor }
    }

    /// The environment the credential belongs to.
    pub const fn environment(&self) -> &Arc<Environment> {
        &self.environment
    }

    /// Who acts.
    pub const fn actor(&self) -> &Arc<Actor> {
        &self.actor
    }
}
