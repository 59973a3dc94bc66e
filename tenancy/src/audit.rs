//! The audit log of an environment: every write and every refusal, appended in the transaction it is about.

use entity::tenant::audit_record;
use kernel::{AuditRecordId, Clock, Entropy, RequestId};
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait as _};

use crate::{Actor, TenantTx};

/// How an audited action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It took effect.
    Succeeded,
    /// It was refused, with this error code.
    Refused(&'a str),
}

/// One line to append. It names ids and codes only, never personal data.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Who acted.
    pub actor: &'a Actor,
    /// `<object>.<act>`, such as `wallet_transfer.create`.
    pub action: &'a str,
    /// The object acted on, if it is known.
    pub target: Option<&'a str>,
    /// How it ended.
    pub outcome: Outcome<'a>,
    /// The policy rule that decided.
    pub rule: Option<&'a str>,
    /// The request it belongs to.
    pub request: RequestId,
}

/// Appends a line in the caller's transaction.
pub async fn append(
    tx: &TenantTx,
    record: Record<'_>,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<AuditRecordId, DbErr> {
    let id = AuditRecordId::generate(clock, entropy);
    let (outcome, code) = match record.outcome {
        Outcome::Succeeded => ("succeeded", None),
        Outcome::Refused(code) => ("refused", Some(code.to_owned())),
    };
    let row = audit_record::ActiveModel {
        id: Set(id.as_uuid()),
        at: Set(clock.now()),
        actor_kind: Set(record.actor.kind().to_owned()),
        actor_id: Set(record.actor.id()),
        action: Set(record.action.to_owned()),
        target: Set(record.target.map(str::to_owned)),
        outcome: Set(outcome.to_owned()),
        code: Set(code),
        rule: Set(record.rule.map(str::to_owned)),
        request_id: Set(record.request.to_string()),
    };
    audit_record::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}
