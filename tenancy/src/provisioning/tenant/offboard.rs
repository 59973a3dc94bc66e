//! The end of a tenant: refused at once, its keys switched off and their destruction scheduled. Its schema is kept.

use kernel::Slug;
use serde_json::json;

use super::{Tenant, TenantStatus, lock};
use crate::{
    hints::{Hint, HintKind},
    provisioning::{
        Change, ControlError, ControlPlane, OperationKind, OperationState, Reply, StaffCall, Written,
        audit::{self, Target},
        keys::{KeyAct, act_on_kms_key, check_confirmation},
        operation::{Admission, Ending, NewOperation, Run, admit, latest_of},
        sql::execute,
    },
};

/// Time in which the destruction can be cancelled: the longest that every provider knows.
const DESTRUCTION_DAYS: u16 = 30;
/// Disabled, then retired, in each environment.
const STEPS_TOTAL: i32 = 4;
const END: &str = "\
UPDATE platform.tenant SET status = 'offboarded', revision = revision + 1, updated_at = $2 WHERE id = $1";

impl ControlPlane {
    /// Ends a tenant. `confirm` is its slug, typed again.
    pub async fn offboard_tenant(
        &self,
        call: &StaffCall,
        slug: &Slug,
        confirm: Option<&str>,
    ) -> Result<Reply<Tenant>, ControlError> {
        call.check()?;
        call.required_reason()?;
        check_confirmation(slug, confirm)?;
        let tx = self.begin().await?;
        let tenant = lock(&tx, slug).await?;
        if call.dry_run {
            let changed = tenant.status != TenantStatus::Offboarded;
            let change = Change::of("offboard", slug.as_str());
            let change = change.field("status", tenant.status.as_str(), TenantStatus::Offboarded.as_str());
            return Ok(Reply::Planned(changed.then_some(change).into_iter().collect()));
        }
        if tenant.status == TenantStatus::Offboarded {
            tx.rollback().await?;
            return self.offboarded(tenant).await;
        }
        let new = NewOperation {
            kind: OperationKind::TenantOffboard,
            target: slug.as_str(),
            parameters: json!({}),
            steps_total: Some(STEPS_TOTAL),
            state: OperationState::Pending,
            result: None,
        };
        let Admission::Fresh(operation) = admit(self, &tx, call, &new).await? else {
            tx.rollback().await?;
            return self.offboarded(tenant).await;
        };
        execute(&tx, END, [tenant.id.as_uuid().into(), self.clock().now().into()]).await?;
        audit::succeeded(self, &tx, call, "tenant.offboard", Target::Tenant(slug)).await?;
        tx.commit().await?;
        self.hints().publish(&Hint::tenant(HintKind::Tenant, tenant.id)).await;
        self.enqueue(operation);
        let object = self.tenant(slug).await?;
        Ok(Reply::Written(Written { changed: true, action: "offboarded", object, operation: Some(operation) }))
    }

    async fn offboarded(&self, tenant: Tenant) -> Result<Reply<Tenant>, ControlError> {
        let operation = latest_of(self.orm(), OperationKind::TenantOffboard, tenant.slug.as_str()).await?;
        Ok(Reply::Written(Written::unchanged(tenant, operation.map(|operation| operation.id))))
    }
}

/// The operation's work. What has no key yet has nothing to destroy.
pub(in crate::provisioning) async fn offboard(run: &Run, slug: &str) -> Result<Ending, ControlError> {
    let slug = slug.parse().map_err(|_| ControlError::Corrupt { table: "platform.operation", what: "target" })?;
    let tenant = run.control.tenant(&slug).await?;
    for environment in tenant.environments.iter().filter(|environment| environment.key.is_some()) {
        act_on_kms_key(run, &tenant, environment, KeyAct::Disable).await?;
        act_on_kms_key(run, &tenant, environment, KeyAct::Retire { days: DESTRUCTION_DAYS }).await?;
    }
    Ok(Ending::success())
}
