//! The audit log of the control plane: every write and every refusal.

use entity::platform::audit_record;
use kernel::{AuditRecordId, OperationId, Slug};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait as _};

use super::{ControlError, ControlPlane, StaffCall};

/// Most characters kept of a target that was refused: it is as the client sent it.
const TARGET_CHARACTERS_MAX: usize = 100;

/// What was acted on.
#[derive(Clone, Debug)]
pub(super) enum Target<'a> {
    Tenant(&'a Slug),
    Operation(OperationId),
    Named(&'a str),
}

impl Target<'_> {
    fn text(&self) -> String {
        match self {
            Self::Tenant(slug) => slug.to_string(),
            Self::Operation(id) => id.to_string(),
            Self::Named(name) => (*name).to_owned(),
        }
    }
}

/// Appends that `action` was taken, in the transaction that took it.
pub(super) async fn succeeded<C: ConnectionTrait>(
    control: &ControlPlane,
    db: &C,
    call: &StaffCall,
    action: &str,
    target: Target<'_>,
) -> Result<(), DbErr> {
    append(control, db, call, action, Some(target.text()), None).await
}

async fn append<C: ConnectionTrait>(
    control: &ControlPlane,
    db: &C,
    call: &StaffCall,
    action: &str,
    target: Option<String>,
    refusal: Option<&str>,
) -> Result<(), DbErr> {
    let row = audit_record::ActiveModel {
        id: Set(AuditRecordId::generate(control.clock().as_ref(), control.entropy().as_ref()).as_uuid()),
        at: Set(control.clock().now()),
        actor: Set(call.actor.clone()),
        action: Set(action.to_owned()),
        target: Set(target),
        outcome: Set(if refusal.is_some() { "refused" } else { "succeeded" }.to_owned()),
        code: Set(refusal.map(str::to_owned)),
        reason: Set(call.reason.clone()),
        host: Set(call.host.clone()),
        request_id: Set(call.request.to_string()),
    };
    audit_record::Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}

impl ControlPlane {
    /// Appends that somebody asked for `action` and was refused with `code`. The caller answers the refusal whether or
    /// not this succeeds, so a failure is logged here.
    pub async fn record_refusal(&self, call: &StaffCall, action: &str, target: Option<&str>, code: &str) {
        let target = target.map(|text| text.escape_debug().take(TARGET_CHARACTERS_MAX).collect());
        let appended = append(self, self.orm(), call, action, target, Some(code)).await;
        if let Err(error) = appended.map_err(ControlError::from) {
            tracing::error!(%error, cause = ?error, action, code, "a refusal could not be written to the audit log");
        }
    }
}
