//! Long jobs of the control plane: what is to be done, how far it has come, and who works on it.

mod admission;
mod begin;
mod dispatch;
mod kind;
mod lease;
mod read;
mod run;
mod runner;
mod steering;
mod steps;

use kernel::{EnvironmentId, Mode, OperationId};
use serde_json::Value;
use time::OffsetDateTime;

use super::Failure;

pub(super) use admission::{Admission, NewOperation, admit, find_repeat};
pub(super) use kind::words;
pub use kind::{OperationKind, OperationState};
pub(super) use read::{find, latest_of};
pub(super) use run::LogObserver;
pub(super) use run::{Label, Run, retrying};
pub use run::{Moment, StepEvent, StepObserver, Verdict};
pub(super) use runner::Ending;
pub use steering::WAIT_SECONDS_MAX;
pub(super) use steps::StepOutcome;

/// A long job.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Identifier.
    pub id: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// To what: a slug, a plan's checksum, or `all`.
    pub target: String,
    /// How it stands.
    pub state: OperationState,
    /// What it answered, where that is more than its state.
    pub result: Option<Value>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// Who asked.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// What was done so far, oldest first.
    pub steps: Vec<OperationStep>,
    /// How far it has come.
    pub progress: Progress,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
}

/// One attempt at one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationStep {
    /// Its place in the operation, from 1.
    pub sequence: usize,
    /// What was done.
    pub name: String,
    /// Whose.
    pub tenant: Option<String>,
    /// In which environment, if in one.
    pub environment: Option<EnvironmentId>,
    /// Live or test.
    pub mode: Option<Mode>,
    /// `done`, `unchanged` or `failed`.
    pub outcome: String,
    /// More for a person.
    pub detail: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// When it ended.
    pub finished_at: OffsetDateTime,
}

/// How many steps are done, of how many, and how many failed at their last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Done or found done.
    pub done: usize,
    /// All there are, as far as known.
    pub total: usize,
    /// Failed at the last attempt.
    pub failed: usize,
}

/// Which operations to list.
#[derive(Clone, Debug, Default)]
pub struct OperationFilter {
    /// Only those in this state.
    pub state: Option<OperationState>,
    /// Only those older than this one.
    pub starting_after: Option<OperationId>,
    /// How many at most.
    pub limit: u64,
}
