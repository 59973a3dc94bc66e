//! Begins work that outlives the request, and waits for it where it is short.

use std::time::Duration;

use kernel::{OperationId, Slug};

use super::{Admission, NewOperation, Operation, OperationState, admit};
use crate::provisioning::{
    ControlError, ControlPlane, Refusal, StaffCall,
    audit::{self, Target},
};

/// How long a request waits for a short operation before it is answered with the operation alone.
const SHORT_WAIT: Duration = Duration::from_secs(20);

impl ControlPlane {
    /// Writes the operation down and lets it begin; a repeat finds the first one.
    pub(in crate::provisioning) async fn begin_operation(
        &self,
        call: &StaffCall,
        new: &NewOperation<'_>,
        target: Target<'_>,
    ) -> Result<OperationId, ControlError> {
        let tx = self.begin().await?;
        let id = match admit(self, &tx, call, new).await? {
            Admission::Repeat(operation) => return Ok(operation.id),
            Admission::Fresh(id) => id,
        };
        audit::succeeded(self, &tx, call, new.kind.audited_as(), target).await?;
        tx.commit().await?;
        self.enqueue(id);
        Ok(id)
    }

    /// Waits for a short operation. One that failed is answered as a refusal that names it.
    pub(in crate::provisioning) async fn ended(
        &self,
        id: OperationId,
        tenant: &Slug,
    ) -> Result<Operation, ControlError> {
        let operation = self.wait_for_operation(id, None, SHORT_WAIT).await?;
        if operation.state == OperationState::Succeeded || !operation.state.is_final() {
            return Ok(operation);
        }
        let Some(failure) = operation.error else {
            return Err(Refusal::conflict("operation_cancelled", "The operation was cancelled.").into());
        };
        let mut refusal = Refusal::from(failure).about(tenant.as_str());
        refusal.hint = Some(format!("Mend the cause, then `tessera operation resume {id}`."));
        Err(refusal.into())
    }
}
