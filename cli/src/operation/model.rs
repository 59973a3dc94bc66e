//! An operation as the control plane shows it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{client::Reply, exit_code::ExitCode, failure::Failure};

/// A long job: the fields this program acts on, and everything else as it came.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// The whole object.
    pub(crate) value: Value,
    view: View,
}

#[derive(Clone, Debug, Deserialize)]
struct View {
    id: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    target: Option<String>,
    state: String,
    #[serde(default)]
    error: Option<OperationError>,
    #[serde(default)]
    steps: Vec<Step>,
    #[serde(default)]
    progress: Progress,
}

#[derive(Clone, Debug, Deserialize)]
struct OperationError {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    hint: Option<String>,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default, alias = "parameter")]
    param: Option<String>,
}

/// One step that has ended.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Step {
    /// Its number; later steps have higher ones.
    #[serde(default)]
    pub(crate) sequence: i64,
    /// What was done.
    pub(crate) name: String,
    /// For whom.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
    /// On which side.
    #[serde(default)]
    pub(crate) mode: Option<String>,
    /// `done`, `unchanged` or `failed`; absent while it runs.
    #[serde(default)]
    pub(crate) outcome: Option<String>,
    /// More, mostly about a failure.
    #[serde(default)]
    pub(crate) detail: Option<String>,
    /// How long it took.
    #[serde(default)]
    pub(crate) duration_ms: Option<u64>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Progress {
    /// Finished well.
    #[serde(default)]
    pub(crate) done: u64,
    /// All there is to do.
    #[serde(default)]
    pub(crate) total: u64,
    /// Finished badly.
    #[serde(default)]
    pub(crate) failed: u64,
}

impl Progress {
    /// What is still to do.
    pub(crate) const fn remaining(self) -> u64 {
        self.total.saturating_sub(self.done).saturating_sub(self.failed)
    }
}

impl Operation {
    /// Reads the answer of `/operations/{id}`.
    pub(crate) fn try_from_reply(reply: Reply) -> Result<Self, Failure> {
        match View::deserialize(&reply.body) {
            Ok(view) => Ok(Self { view, value: reply.body }),
            Err(error) => Err(Failure::local(format!("the server's operation cannot be read: {error}"))
                .code("unexpected_reply")
                .request(reply.request_id)),
        }
    }

    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.view.id
    }

    /// What it does, such as `tenant.create`.
    pub(crate) fn kind(&self) -> &str {
        &self.view.kind
    }

    /// Its state's word.
    pub(crate) fn state(&self) -> &str {
        &self.view.state
    }

    /// The steps so far.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.view.steps
    }

    /// How far it is.
    pub(crate) const fn progress(&self) -> Progress {
        self.view.progress
    }

    /// Whether nothing more will happen.
    pub(crate) fn is_finished(&self) -> bool {
        !matches!(self.view.state.as_str(), "pending" | "running")
    }

    /// The tenant it is about; a migration and a plan are about many.
    pub(crate) fn tenant(&self) -> Option<&str> {
        let target = self.view.target.as_deref()?;
        (!self.is_over_many() && target.parse::<kernel::Slug>().is_ok()).then_some(target)
    }

    /// Whether it works on many tenants, each with a result of its own.
    pub(crate) fn is_over_many(&self) -> bool {
        matches!(self.kind(), "migration" | "plan.apply")
    }

    /// Why a finished operation did not do all it was asked; `None` when it did.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let id = self.id();
        let (exit, code, message) = match self.state() {
            "succeeded" => return None,
            "partial" => {
                let Progress { failed, total, .. } = self.progress();
                (ExitCode::Partial, "partial", format!("{failed} of {total} failed in {id}"))
            }
            "cancelled" => (ExitCode::Failure, "operation_cancelled", format!("{id} was cancelled")),
            _ => (ExitCode::Failure, "operation_failed", format!("{id} failed")),
        };
        let mut failure = Failure::new(exit, code, message).operation(id);
        failure.tenant = self.tenant().map(str::to_owned);
        if let Some(error) = self.view.error.clone() {
            failure.hint = error.hint;
            failure.parameter = error.param;
            failure.tenant = error.tenant.or_else(|| failure.tenant.take());
            if let Some(code) = error.code {
                failure.code = code;
            }
            if let Some(message) = error.message {
                failure.message = message;
            }
        }
        failure.hint.get_or_insert_with(|| {
            format!("`tessera operation get {id}` shows its steps, `tessera operation resume {id}` tries again")
        });
        Some(failure)
    }

    /// The last word on each tenant: a step that was tried again counts once.
    pub(crate) fn results(&self) -> Vec<TenantResult> {
        let mut steps: Vec<&Step> = self.steps().iter().filter(|step| step.outcome.is_some()).collect();
        steps.sort_by_key(|step| step.sequence);
        let mut latest: BTreeMap<(&str, Option<&str>, &str), &Step> = BTreeMap::new();
        for step in steps {
            let Some(tenant) = step.tenant.as_deref() else { continue };
            latest.insert((tenant, step.mode.as_deref(), &step.name), step);
        }
        let mut results: BTreeMap<&str, TenantResult> = BTreeMap::new();
        for ((tenant, _, _), step) in latest {
            results.entry(tenant).or_insert_with(|| TenantResult::new(tenant)).add(step);
        }
        results.into_values().collect()
    }
}

/// What became of one tenant in an operation over many.
#[derive(Clone, Debug)]
pub(crate) struct TenantResult {
    /// The tenant.
    pub(crate) tenant: String,
    /// `done`, `unchanged` or `failed`.
    pub(crate) outcome: &'static str,
    /// What went wrong, or was done.
    pub(crate) detail: Option<String>,
    /// All its steps together.
    pub(crate) duration_ms: u64,
}

impl TenantResult {
    fn new(tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), outcome: "unchanged", detail: None, duration_ms: 0 }
    }

    fn add(&mut self, step: &Step) {
        self.duration_ms = self.duration_ms.saturating_add(step.duration_ms.unwrap_or_default());
        let outcome = match step.outcome.as_deref() {
            Some("failed") => "failed",
            Some("unchanged") => "unchanged",
            _ => "done",
        };
        // The worst step speaks for the tenant.
        let rank = |word| match word {
            "failed" => 2,
            "done" => 1,
            _ => 0,
        };
        if rank(outcome) > rank(self.outcome) || (rank(outcome) == rank(self.outcome) && self.detail.is_none()) {
            self.detail.clone_from(&step.detail);
            self.outcome = outcome;
        }
    }

    /// Says that there was nothing left to do.
    pub(crate) fn found_done(&mut self) {
        if self.outcome == "done" {
            self.outcome = "unchanged";
        }
    }

    /// The object in `results`.
    pub(crate) fn value(&self) -> Value {
        json!({
            "tenant": self.tenant,
            "outcome": self.outcome,
            "detail": self.detail,
            "duration_ms": self.duration_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(state: &str, steps: &Value) -> Operation {
        let body = json!({
            "object": "operation", "id": "op_1", "kind": "migration", "target": "all", "state": state, "error": null,
            "steps": steps, "progress": {"done": 1, "total": 2, "failed": 1},
        });
        Operation::try_from_reply(Reply { body, request_id: None }).unwrap()
    }

    #[test]
    fn the_last_attempt_of_a_step_counts_and_the_worst_step_speaks() {
        let steps = json!([
            {"sequence": 1, "name": "migrate", "tenant": "acme", "mode": "live", "outcome": "failed", "detail": "lock timeout", "duration_ms": 5},
            {"sequence": 2, "name": "migrate", "tenant": "beta", "mode": "live", "outcome": "failed", "detail": "disk full", "duration_ms": 5},
            {"sequence": 3, "name": "migrate", "tenant": "beta", "mode": "test", "outcome": "done", "duration_ms": 7},
            {"sequence": 4, "name": "migrate", "tenant": "acme", "mode": "live", "outcome": "done", "duration_ms": 9},
        ]);
        let results = operation("partial", &steps).results();
        let shown: Vec<_> = results.iter().map(|result| (result.tenant.as_str(), result.outcome)).collect();
        assert_eq!(shown, [("acme", "done"), ("beta", "failed")]);
        assert_eq!(results[1].detail.as_deref(), Some("disk full"));
        assert_eq!(results[1].duration_ms, 12);
    }

    #[test]
    fn states_become_exit_codes() {
        for (state, exit) in
            [("partial", ExitCode::Partial), ("failed", ExitCode::Failure), ("cancelled", ExitCode::Failure)]
        {
            assert_eq!(operation(state, &json!([])).failure().unwrap().exit, exit, "{state}");
        }
        assert!(operation("succeeded", &json!([])).failure().is_none());
        assert!(!operation("running", &json!([])).is_finished());
    }
}
