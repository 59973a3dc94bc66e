//! A plan, as it is answered and sent back.

use serde::{Deserialize, Serialize};
use tenancy::provisioning::{self, Change, TenantSpec};

use crate::parameters::{ParameterError, Problem};

/// The word that tells a plan from other saved answers.
const OBJECT: &str = "plan";

/// A saved plan.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    object: String,
    base_revision: i64,
    changes: Vec<Change>,
    checksum: String,
    specs: Vec<TenantSpec>,
}

impl From<provisioning::Plan> for Plan {
    fn from(plan: provisioning::Plan) -> Self {
        let provisioning::Plan { base_revision, changes, checksum, specs } = plan;
        Self { object: OBJECT.to_owned(), base_revision, changes, checksum, specs }
    }
}

impl TryFrom<Plan> for provisioning::Plan {
    type Error = ParameterError;

    fn try_from(plan: Plan) -> Result<Self, ParameterError> {
        let Plan { object, base_revision, changes, checksum, specs } = plan;
        if object != OBJECT {
            return Err(ParameterError::of("object", Problem::Invalid("must be `plan`".to_owned())));
        }
        Ok(Self { base_revision, changes, checksum, specs })
    }
}
