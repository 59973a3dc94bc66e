//! What every handler of the staff API can reach.

use std::sync::Arc;

use tenancy::{identity::StaffVerifier, provisioning::ControlPlane};

use crate::request_id::IdSource;

/// The parts of a running control process. A clone is cheap.
#[derive(Clone, Debug)]
pub struct PlatformState {
    /// What does the work.
    pub control: ControlPlane,
    /// Who is staff.
    pub staff: StaffVerifier,
}

impl PlatformState {
    /// What makes request ids.
    pub fn ids(&self) -> IdSource {
        IdSource { clock: Arc::clone(self.control.clock()), entropy: Arc::clone(self.control.entropy()) }
    }
}
