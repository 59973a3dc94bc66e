//! Writes what was done.

use entity::platform::operation_step;
use kernel::OperationId;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, DbErr, EntityTrait as _,
};
use std::time::Duration;
use time::OffsetDateTime;

use super::Label;
use crate::provisioning::sql::statement;

/// Longest detail kept, in characters.
const DETAIL_CHARACTERS_MAX: usize = 500;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provisioning) enum StepOutcome {
    Done,
    Unchanged,
    Failed,
}

impl StepOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// A finished step, as it is recorded.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) operation: OperationId,
    pub(super) label: &'a Label,
    pub(super) outcome: StepOutcome,
    pub(super) detail: Option<String>,
    pub(super) duration: Duration,
    pub(super) at: OffsetDateTime,
}

const IS_DONE: &str = "\
SELECT 1 FROM platform.operation_step \
 WHERE operation_id = $1 AND name = $2 AND environment_id IS NOT DISTINCT FROM $3 \
   AND tenant_slug IS NOT DISTINCT FROM $4 AND outcome <> 'failed' LIMIT 1";

/// Whether an earlier run of the operation did this step.
pub(super) async fn is_done<C: ConnectionTrait>(db: &C, id: OperationId, label: &Label) -> Result<bool, DbErr> {
    let values = [
        id.as_uuid().into(),
        label.name.into(),
        label.environment.map(|id| id.as_uuid()).into(),
        label.tenant.clone().into(),
    ];
    Ok(db.query_one_raw(statement(IS_DONE, values)).await?.is_some())
}

pub(super) async fn insert<'a, C: ConnectionTrait>(
    db: &C,
    records: impl IntoIterator<Item = Record<'a>>,
) -> Result<(), DbErr> {
    let rows = records.into_iter().map(|record| operation_step::ActiveModel {
        operation_id: Set(record.operation.as_uuid()),
        sequence: NotSet,
        name: Set(record.label.name.to_owned()),
        environment_id: Set(record.label.environment.map(|id| id.as_uuid())),
        tenant_slug: Set(record.label.tenant.clone()),
        outcome: Set(record.outcome.as_str().to_owned()),
        detail: Set(record.detail.map(|detail| detail.chars().take(DETAIL_CHARACTERS_MAX).collect())),
        duration_ms: Set(i64::try_from(record.duration.as_millis()).unwrap_or(i64::MAX)),
        finished_at: Set(record.at),
    });
    operation_step::Entity::insert_many(rows).exec_without_returning(db).await.map(|_| ())
}
