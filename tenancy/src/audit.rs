//! The audit log of an environment: every write and every refusal, appended in the transaction it is about.

use entity::tenant::audit_record;
use kernel::{AuditRecordId, Clock, Entropy, RequestId};
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait as _};

use time::OffsetDateTime;

use crate::{
    Actor, TenantTx,
    lane::{Param, Query},
};

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

const WRITE_RECORDS: &str = "\
INSERT INTO {schema}.audit_record (id, at, actor_kind, actor_id, action, target, outcome, code, rule, request_id) \
SELECT id, $2::timestamptz, actor_kind, actor_id, action, target, outcome, code, rule, request_id \
FROM unnest($1::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[]) \
AS r (id, actor_kind, actor_id, action, target, outcome, code, rule, request_id)";

/// Lines of a batch, as columns.
#[derive(Debug, Default)]
pub struct RecordColumns {
    ids: Vec<uuid::Uuid>,
    actor_kinds: Vec<String>,
    actor_ids: Vec<String>,
    actions: Vec<String>,
    targets: Vec<Option<String>>,
    outcomes: Vec<&'static str>,
    codes: Vec<Option<String>>,
    rules: Vec<Option<String>>,
    requests: Vec<String>,
}

impl RecordColumns {
    /// Adds a line.
    pub fn push(&mut self, id: AuditRecordId, record: Record<'_>) {
        let (outcome, code) = match record.outcome {
            Outcome::Succeeded => ("succeeded", None),
            Outcome::Refused(code) => ("refused", Some(code.to_owned())),
        };
        self.ids.push(id.as_uuid());
        self.actor_kinds.push(record.actor.kind().to_owned());
        self.actor_ids.push(record.actor.id());
        self.actions.push(record.action.to_owned());
        self.targets.push(record.target.map(str::to_owned));
        self.outcomes.push(outcome);
        self.codes.push(code);
        self.rules.push(record.rule.map(str::to_owned));
        self.requests.push(record.request.to_string());
    }

    /// The statement; none, where there are no lines.
    pub fn queries(self, now: OffsetDateTime) -> Vec<Query> {
        if self.ids.is_empty() {
            return Vec::new();
        }
        let params: Vec<Param> = vec![
            Box::new(self.ids),
            Box::new(now),
            Box::new(self.actor_kinds),
            Box::new(self.actor_ids),
            Box::new(self.actions),
            Box::new(self.targets),
            Box::new(self.outcomes),
            Box::new(self.codes),
            Box::new(self.rules),
            Box::new(self.requests),
        ];
        vec![Query { sql: WRITE_RECORDS, params }]
    }
}
