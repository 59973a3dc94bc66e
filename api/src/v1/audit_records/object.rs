//! The audit record as the API shows it.

use payments::audit_record;
use serde::Serialize;
use utoipa::ToSchema;

/// A write or a refusal.
#[derive(Serialize, ToSchema)]
pub struct AuditRecord {
    /// Identifier.
    id: String,
    /// Always `audit_record`.
    object: &'static str,
    /// What kind of actor.
    actor_kind: String,
    /// Which one.
    actor: String,
    /// `<object>.<act>`.
    action: String,
    /// The object acted on.
    target: Option<String>,
    /// `succeeded` or `refused`.
    outcome: String,
    /// Why it was refused.
    code: Option<String>,
    /// The policy rule that decided.
    rule: Option<String>,
    /// The request it belongs to.
    request: String,
    /// When, in Unix seconds.
    created: i64,
}

impl From<audit_record::AuditRecord> for AuditRecord {
    fn from(record: audit_record::AuditRecord) -> Self {
        Self {
            id: record.id.to_string(),
            object: "audit_record",
            actor_kind: record.actor_kind,
            actor: record.actor_id,
            action: record.action,
            target: record.target,
            outcome: record.outcome,
            code: record.code,
            rule: record.rule,
            request: record.request_id,
            created: record.created.unix_timestamp(),
        }
    }
}
