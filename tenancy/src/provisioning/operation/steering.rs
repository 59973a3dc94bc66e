//! Looking at operations, and steering them: wait, resume, cancel.

use std::time::Duration;

use kernel::OperationId;
use tokio::time::{Instant, timeout_at};

use super::{Operation, OperationFilter, OperationState, read};
use crate::provisioning::{
    Change, ControlError, ControlPlane, Refusal, Reply, StaffCall, Written,
    audit::{self, Target},
    sql::execute,
};

/// Longest wait for a change, in seconds: below the time a handler may take.
pub const WAIT_SECONDS_MAX: u64 = 25;
/// How often the database is asked while another process works on it.
const POLL: Duration = Duration::from_millis(250);

const RESUME: &str = "\
UPDATE platform.operation SET state = 'pending', error = NULL, finished_at = NULL, lease_owner = NULL, \
       lease_expires_at = NULL \
 WHERE id = $1 AND (state IN ('failed', 'partial', 'cancelled') \
    OR state IN ('pending', 'running') AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp()))";
const CANCEL: &str = "\
UPDATE platform.operation SET state = 'cancelled', finished_at = $2, lease_owner = NULL, lease_expires_at = NULL \
 WHERE id = $1 AND state IN ('pending', 'running')";

fn missing() -> ControlError {
    Refusal::missing("operation_missing", "There is no such operation.").with_param("id").into()
}

impl ControlPlane {
    /// One operation.
    pub async fn operation(&self, id: OperationId) -> Result<Operation, ControlError> {
        read::find(self.orm(), id).await?.ok_or_else(missing)
    }

    /// Newest first, and whether there are more.
    pub async fn operations(&self, filter: &OperationFilter) -> Result<(Vec<Operation>, bool), ControlError> {
        let mut operations = read::list(self.orm(), filter).await?;
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let more = operations.len() > limit;
        operations.truncate(limit);
        Ok((operations, more))
    }

    /// Waits until the operation has ended, or has more steps than `steps_seen` where that is given, or the time is up.
    pub async fn wait_for_operation(
        &self,
        id: OperationId,
        steps_seen: Option<usize>,
        wait: Duration,
    ) -> Result<Operation, ControlError> {
        let deadline = Instant::now() + wait.min(Duration::from_secs(WAIT_SECONDS_MAX));
        loop {
            // Registered before the look, so that no change falls between look and wait.
            let changed = self.progress().notified();
            let operation = self.operation(id).await?;
            let news = steps_seen.is_some_and(|seen| operation.steps.len() > seen);
            if operation.state.is_final() || news || Instant::now() >= deadline {
                return Ok(operation);
            }
            let next_look = deadline.min(Instant::now() + POLL);
            drop(timeout_at(next_look, changed).await);
        }
    }

    /// Goes on with an operation that ended without being done.
    pub async fn resume_operation(&self, call: &StaffCall, id: OperationId) -> Result<Reply<Operation>, ControlError> {
        let operation = self.operation(id).await?;
        if operation.state == OperationState::Succeeded {
            return Ok(Reply::Written(Written::unchanged(operation, Some(id))));
        }
        if call.dry_run {
            return Ok(Reply::Planned(vec![Change::of("resume", &operation.target)]));
        }
        let tx = self.begin().await?;
        if execute(&tx, RESUME, [id.as_uuid().into()]).await? == 0 {
            let message = "Another process works on this operation.";
            let hint = "Wait for it; if that process died, its lease expires by itself and another goes on.";
            return Err(Refusal::conflict("operation_running", message).with_hint(hint).into());
        }
        audit::succeeded(self, &tx, call, "operation.resume", Target::Operation(id)).await?;
        tx.commit().await?;
        self.enqueue(id);
        let object = self.operation(id).await?;
        Ok(Reply::Written(Written { changed: true, action: "resumed", object, operation: Some(id) }))
    }

    /// Goes on with an operation without being asked to by name, where nobody works on it.
    pub(in crate::provisioning) async fn restart(&self, id: OperationId) -> Result<(), ControlError> {
        self.revive(id).await?;
        self.enqueue(id);
        Ok(())
    }

    /// Makes an operation that ended without being done workable again.
    pub(in crate::provisioning) async fn revive(&self, id: OperationId) -> Result<(), ControlError> {
        execute(self.orm(), RESUME, [id.as_uuid().into()]).await?;
        Ok(())
    }

    /// Stops an operation after the step it is at. What was done stays done.
    pub async fn cancel_operation(&self, call: &StaffCall, id: OperationId) -> Result<Reply<Operation>, ControlError> {
        let operation = self.operation(id).await?;
        if operation.state == OperationState::Cancelled {
            return Ok(Reply::Written(Written::unchanged(operation, Some(id))));
        }
        let finished = || Refusal::conflict("operation_finished", "This operation has already ended.");
        if operation.state.is_final() {
            return Err(finished().into());
        }
        if call.dry_run {
            return Ok(Reply::Planned(vec![Change::of("cancel", &operation.target)]));
        }
        let tx = self.begin().await?;
        if execute(&tx, CANCEL, [id.as_uuid().into(), self.clock().now().into()]).await? == 0 {
            return Err(finished().into());
        }
        audit::succeeded(self, &tx, call, "operation.cancel", Target::Operation(id)).await?;
        tx.commit().await?;
        self.announce_progress();
        let object = self.operation(id).await?;
        Ok(Reply::Written(Written { changed: true, action: "cancelled", object, operation: Some(id) }))
    }
}
