//! The audit log, read only: what was done or refused, by whom, under which rule.

mod list;
mod refusal;
mod retrieve;
mod store;

use entity::tenant::audit_record::Model;
use kernel::AuditRecordId;
use time::OffsetDateTime;

pub use list::list;
pub use refusal::Refusal;
pub use retrieve::retrieve;

/// One line of the audit log. It names ids and codes, never personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Identifier.
    pub id: AuditRecordId,
    /// When.
    pub created: OffsetDateTime,
    /// `member`, `end_user`, `api_key` or `system`.
    pub actor_kind: String,
    /// Which one.
    pub actor_id: String,
    /// `<object>.<act>`, such as `wallet_transfer.create`.
    pub action: String,
    /// The object acted on, if it is known.
    pub target: Option<String>,
    /// `succeeded` or `refused`.
    pub outcome: String,
    /// Why it was refused.
    pub code: Option<String>,
    /// The policy rule that decided.
    pub rule: Option<String>,
    /// The request it belongs to.
    pub request_id: String,
}

fn view(row: Model) -> AuditRecord {
    AuditRecord {
        id: AuditRecordId::from_uuid(row.id),
        created: row.at,
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        action: row.action,
        target: row.target,
        outcome: row.outcome,
        code: row.code,
        rule: row.rule,
        request_id: row.request_id,
    }
}
