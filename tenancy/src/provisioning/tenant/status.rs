//! Off the air and back.

use kernel::Slug;
use serde_json::json;

use super::{Tenant, TenantStatus, lock};
use crate::{
    hints::{Hint, HintKind},
    provisioning::{
        Change, ControlError, ControlPlane, OperationKind, OperationState, Refusal, Reply, StaffCall, Written,
        audit::{self, Target},
        operation::{Admission, NewOperation, admit, find_repeat},
        sql::execute,
    },
};

const MOVE: &str = "\
UPDATE platform.tenant SET status = $2, revision = revision + 1, updated_at = $3 WHERE id = $1";

/// A change of status that is done in one transaction.
struct Transition {
    kind: OperationKind,
    verb: &'static str,
    from: TenantStatus,
    to: TenantStatus,
    done: &'static str,
}

const SUSPEND: Transition = Transition {
    kind: OperationKind::TenantSuspend,
    verb: "suspend",
    from: TenantStatus::Active,
    to: TenantStatus::Suspended,
    done: "suspended",
};
const RESUME: Transition = Transition {
    kind: OperationKind::TenantResume,
    verb: "resume",
    from: TenantStatus::Suspended,
    to: TenantStatus::Active,
    done: "resumed",
};

impl ControlPlane {
    /// Takes a tenant off the air: its credentials are refused everywhere within a second.
    pub async fn suspend_tenant(&self, call: &StaffCall, slug: &Slug) -> Result<Reply<Tenant>, ControlError> {
        self.change_status(call, slug, &SUSPEND).await
    }

    /// Puts a suspended tenant back.
    pub async fn resume_tenant(&self, call: &StaffCall, slug: &Slug) -> Result<Reply<Tenant>, ControlError> {
        self.change_status(call, slug, &RESUME).await
    }

    async fn change_status(
        &self,
        call: &StaffCall,
        slug: &Slug,
        transition: &Transition,
    ) -> Result<Reply<Tenant>, ControlError> {
        call.check()?;
        call.required_reason()?;
        let new = NewOperation {
            kind: transition.kind,
            target: slug.as_str(),
            parameters: json!({}),
            steps_total: None,
            state: OperationState::Succeeded,
            result: None,
        };
        let tx = self.begin().await?;
        let tenant = lock(&tx, slug).await?;
        let written = |object, operation| Written { changed: true, action: transition.done, object, operation };
        if let Some(operation) = find_repeat(&tx, call, &new).await? {
            return Ok(Reply::Written(written(tenant, Some(operation.id))));
        }
        if tenant.status == transition.to {
            return Ok(if call.dry_run {
                Reply::Planned(Vec::new())
            } else {
                Reply::Written(Written::unchanged(tenant, None))
            });
        }
        if tenant.status != transition.from {
            return Err(wrong_status(&tenant).into());
        }
        if call.dry_run {
            let change = Change::of(transition.verb, slug.as_str());
            return Ok(Reply::Planned(vec![change.field("status", tenant.status.as_str(), transition.to.as_str())]));
        }
        let Admission::Fresh(operation) = admit(self, &tx, call, &new).await? else {
            return Ok(Reply::Written(Written::unchanged(tenant, None)));
        };
        let values = [tenant.id.as_uuid().into(), transition.to.as_str().into(), self.clock().now().into()];
        execute(&tx, MOVE, values).await?;
        let action = format!("tenant.{}", transition.verb);
        audit::succeeded(self, &tx, call, &action, Target::Tenant(slug)).await?;
        tx.commit().await?;
        self.hints().publish(&Hint::tenant(HintKind::Tenant, tenant.id)).await;
        Ok(Reply::Written(written(self.tenant(slug).await?, Some(operation))))
    }
}

/// The refusal for what a tenant's status does not allow.
pub(in crate::provisioning) fn wrong_status(tenant: &Tenant) -> Refusal {
    let message = format!("The tenant is {}.", tenant.status);
    let code = match tenant.status {
        TenantStatus::Provisioning => "tenant_provisioning",
        TenantStatus::Active => "tenant_active",
        TenantStatus::Suspended => "tenant_suspended",
        TenantStatus::Offboarded => "tenant_offboarded",
    };
    Refusal::conflict(code, message).about(tenant.slug.as_str())
}
