//! An operation.

use kernel::{EnvironmentId, Mode, OperationId};
use serde::Serialize;
use serde_json::Value;
use tenancy::provisioning;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::described;

/// A long job, and how far it has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct Operation {
    /// Always `operation`.
    object: &'static str,
    /// Identifier.
    #[schema(value_type = String)]
    id: OperationId,
    /// What it does, such as `tenant.create`.
    kind: &'static str,
    /// To what: a slug, a plan's checksum, `environments`.
    target: String,
    /// `pending`, `running`, `succeeded`, `failed`, `partial` or `cancelled`.
    state: &'static str,
    /// What it answered, where that is more than its state.
    result: Option<Value>,
    /// Why it failed.
    #[schema(value_type = Option<described::Failure>)]
    error: Option<provisioning::Failure>,
    /// Who asked.
    actor: String,
    /// Why.
    reason: Option<String>,
    /// What was done so far, oldest first.
    steps: Vec<OperationStep>,
    /// How far it has come.
    progress: Progress,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

/// One attempt at one step.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationStep {
    /// Its place, from 1.
    sequence: usize,
    /// What was done.
    name: String,
    /// Whose.
    tenant: Option<String>,
    /// In which environment, if in one.
    #[schema(value_type = Option<String>)]
    environment: Option<EnvironmentId>,
    /// `live` or `test`.
    #[schema(value_type = Option<String>)]
    mode: Option<Mode>,
    /// `done`, `unchanged` or `failed`.
    outcome: String,
    /// More for a person.
    detail: Option<String>,
    /// How long it took.
    duration_ms: i64,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    finished_at: OffsetDateTime,
}

/// How many steps are done, of how many, and how many failed at their last attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct Progress {
    /// Done or found done.
    done: usize,
    /// All there are, as far as known.
    total: usize,
    /// Failed at the last attempt.
    failed: usize,
}

impl From<provisioning::Operation> for Operation {
    fn from(operation: provisioning::Operation) -> Self {
        let provisioning::Progress { done, total, failed } = operation.progress;
        Self {
            object: "operation",
            id: operation.id,
            kind: operation.kind.as_str(),
            target: operation.target,
            state: operation.state.as_str(),
            result: operation.result,
            error: operation.error,
            actor: operation.actor,
            reason: operation.reason,
            steps: operation.steps.into_iter().map(OperationStep::from).collect(),
            progress: Progress { done, total, failed },
            created_at: operation.created_at,
            finished_at: operation.finished_at,
        }
    }
}

impl From<provisioning::OperationStep> for OperationStep {
    fn from(step: provisioning::OperationStep) -> Self {
        Self {
            sequence: step.sequence,
            name: step.name,
            tenant: step.tenant,
            environment: step.environment,
            mode: step.mode,
            outcome: step.outcome,
            detail: step.detail,
            duration_ms: step.duration_ms,
            finished_at: step.finished_at,
        }
    }
}

/// The operation that applies a plan; null when the plan was empty.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct AppliedPlan(Option<Operation>);

impl From<Option<provisioning::Operation>> for AppliedPlan {
    fn from(operation: Option<provisioning::Operation>) -> Self {
        Self(operation.map(Operation::from))
    }
}
