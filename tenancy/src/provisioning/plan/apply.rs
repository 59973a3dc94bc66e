//! Carries out a saved plan: a step per tenant, so that a run that dies is taken up where it was.

use std::time::Duration;

use entity::platform::operation;
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use kernel::OperationId;
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Plan, make::platform_revision};
use crate::provisioning::{
    Change, ControlError, ControlPlane, Failure, Operation, OperationKind, OperationState, Refusal, Reply, StaffCall,
    Written,
    audit::{self, Target},
    operation::{Admission, Ending, Label, NewOperation, Run, StepOutcome, admit, find, latest_of, retrying},
    spec::CheckedSpec,
    tenant::{Creation, Updating, apply_update, creation, lock},
};

/// How many tenants are worked on at once.
const TENANTS_PARALLEL: usize = 4;
/// How often a provisioning that another process does is looked at.
const POLL: Duration = Duration::from_millis(200);
/// Two requests to apply one plan take turns: `plan` in ASCII.
const LOCK: &str = "SELECT pg_catalog.pg_advisory_xact_lock(1886151022)";

impl ControlPlane {
    /// Begins to apply a saved plan, or goes on with it.
    pub async fn apply_plan(&self, call: &StaffCall, plan: &Plan) -> Result<Reply<Option<Operation>>, ControlError> {
        call.check()?;
        if !plan.is_whole() {
            let message = "The checksum does not fit: the plan was changed after it was made.";
            return Err(Refusal::invalid("plan_checksum", "checksum", message).with_hint("Make a new plan.").into());
        }
        self.check_specs(plan.specs.clone())?;
        let tx = self.begin().await?;
        tx.execute_unprepared(LOCK).await?;
        if let Some(operation) = latest_of(&tx, OperationKind::PlanApply, &plan.checksum).await? {
            tx.rollback().await?;
            return self.apply_again(call, operation).await;
        }
        if platform_revision(&tx).await? != plan.base_revision {
            let message = "The platform has changed since this plan was made.";
            return Err(Refusal::conflict("plan_stale", message).with_hint("Make a new plan and look at it.").into());
        }
        if call.dry_run {
            return Ok(Reply::Planned(plan.changes.clone()));
        }
        if plan.changes.is_empty() {
            return Ok(Reply::Written(Written::unchanged(None, None)));
        }
        let new = NewOperation {
            kind: OperationKind::PlanApply,
            target: &plan.checksum,
            parameters: json!({ "plan": plan }),
            steps_total: i32::try_from(work(plan).count()).ok(),
            state: OperationState::Pending,
            result: None,
        };
        let id = match admit(self, &tx, call, &new).await? {
            Admission::Fresh(id) => id,
            Admission::Repeat(operation) => return Ok(Reply::Written(begun(*operation))),
        };
        audit::succeeded(self, &tx, call, "plan.apply", Target::Named(&plan.checksum)).await?;
        tx.commit().await?;
        self.enqueue(id);
        Ok(Reply::Written(begun(self.operation(id).await?)))
    }

    async fn apply_again(
        &self,
        call: &StaffCall,
        operation: Operation,
    ) -> Result<Reply<Option<Operation>>, ControlError> {
        let id = operation.id;
        if operation.state == OperationState::Succeeded {
            return Ok(if call.dry_run {
                Reply::Planned(Vec::new())
            } else {
                Reply::Written(Written::unchanged(Some(operation), Some(id)))
            });
        }
        if call.dry_run {
            return Ok(Reply::Planned(vec![Change::of("resume", &operation.target)]));
        }
        self.restart(id).await?;
        let object = Some(self.operation(id).await?);
        Ok(Reply::Written(Written { changed: true, action: "resumed", object, operation: Some(id) }))
    }
}

fn begun(operation: Operation) -> Written<Option<Operation>> {
    let id = operation.id;
    Written { changed: true, action: "applying", object: Some(operation), operation: Some(id) }
}

/// The specifications that something is to be done for, each with what.
fn work(plan: &Plan) -> impl Iterator<Item = (usize, Vec<&Change>)> {
    plan.specs.iter().enumerate().filter_map(|(index, spec)| {
        let changes: Vec<_> = plan.changes.iter().filter(|change| change.tenant == spec.slug.as_str()).collect();
        (!changes.is_empty()).then_some((index, changes))
    })
}

/// The operation's work.
pub(in crate::provisioning) async fn apply(run: &Run, row: operation::Model) -> Result<Ending, ControlError> {
    let corrupt = || ControlError::Corrupt { table: "platform.operation", what: "parameters" };
    let plan = row.parameters.get("plan").cloned().ok_or_else(corrupt)?;
    let plan: Plan = serde_json::from_value(plan).map_err(|_| corrupt())?;
    let call = StaffCall {
        actor: row.actor,
        request: row.request_id.parse().map_err(|_| corrupt())?,
        request_key: row.request_key,
        reason: row.reason,
        host: row.host,
        dry_run: false,
    };
    let specs = run.control.check_specs(plan.specs.clone())?;
    let items: Vec<_> = work(&plan).filter_map(|(index, changes)| Some((specs.get(index)?, changes))).collect();
    let total = items.len();
    let tenants: Vec<BoxFuture<'_, _>> =
        items.into_iter().map(|(spec, changes)| by_slug(run, &call, spec, changes).boxed()).collect();
    let outcomes: Vec<_> = stream::iter(tenants).buffer_unordered(TENANTS_PARALLEL).collect().await;
    run.check()?;
    let mut failed = Vec::new();
    for (slug, outcome) in outcomes {
        match outcome {
            Ok(()) => {}
            Err(error) if error.is_database_away() => return Err(error),
            Err(_) => failed.push(slug),
        }
    }
    failed.sort_unstable();
    Ok(Ending::of_parts("tenants", total, &failed))
}

async fn by_slug<'a>(
    run: &Run,
    call: &StaffCall,
    spec: &'a CheckedSpec,
    changes: Vec<&Change>,
) -> (&'a str, Result<(), ControlError>) {
    (spec.spec().slug.as_str(), one(run, call, spec, &changes).await)
}

async fn one(run: &Run, call: &StaffCall, spec: &CheckedSpec, changes: &[&Change]) -> Result<(), ControlError> {
    let label = Label { name: "apply", environment: None, tenant: Some(spec.spec().slug.to_string()) };
    if run.is_done(&label).await? {
        return Ok(());
    }
    let started = Instant::now();
    let creates = changes.iter().any(|change| change.action == "create");
    let ended = if creates {
        create(run, call, spec, &label).await
    } else {
        retrying(run, || update(run, call, spec, changes, &label)).await
    };
    if let Err(error) = &ended
        && !error.is_database_away()
    {
        run.record_failure(&label, started, error).await?;
    }
    ended
}

/// A provisioning of its own, under a request key that is the same in every run.
async fn create(run: &Run, call: &StaffCall, spec: &CheckedSpec, label: &Label) -> Result<(), ControlError> {
    let control = &run.control;
    run.check()?;
    let slug = spec.spec().slug.as_str();
    let call = StaffCall { request_key: format!("{}/{slug}", run.operation), ..call.clone() };
    let child = match control.begin_creation(&call, spec, &creation(spec)).await? {
        Creation::Begun(id) => Some(id),
        Creation::Repeated(operation) => Some(operation.id),
        Creation::Exists(_) => {
            latest_of(control.orm(), OperationKind::TenantCreate, slug).await?.map(|operation| operation.id)
        }
    };
    if let Some(child) = child {
        see_through(run, child).await?;
    }
    let step = run.begin(label).await?;
    step.finish(StepOutcome::Done, child.map(|child| child.to_string())).await
}

/// Works on the provisioning, or waits for whoever does.
async fn see_through(run: &Run, child: OperationId) -> Result<(), ControlError> {
    let control = &run.control;
    control.revive(child).await?;
    loop {
        run.check()?;
        control.work_on(child).await;
        let corrupt = ControlError::Corrupt { table: "platform.operation", what: "id" };
        let operation = find(control.orm(), child).await?.ok_or(corrupt)?;
        match (operation.state, operation.error) {
            (OperationState::Succeeded, _) => return Ok(()),
            (state, Some(failure)) if state.is_final() => return Err(Refusal::from(failure).into()),
            (state, None) if state.is_final() => {
                return Err(Refusal::conflict("operation_cancelled", "The provisioning was cancelled.").into());
            }
            _ => sleep(POLL).await,
        }
    }
}

/// The saved changes, if they are still what lies between.
async fn update(
    run: &Run,
    call: &StaffCall,
    spec: &CheckedSpec,
    changes: &[&Change],
    label: &Label,
) -> Result<(), ControlError> {
    let control = &run.control;
    let step = run.begin(label).await?;
    let tenant = lock(step.tx(), &spec.spec().slug).await?;
    let updating = Updating::try_new(tenant, spec)?;
    if updating.changes.is_empty() {
        return step.finish(StepOutcome::Unchanged, None).await;
    }
    if !updating.changes.iter().eq(changes.iter().copied()) {
        return Err(Refusal::conflict("plan_stale", "The tenant has changed since this plan was made.").into());
    }
    apply_update(control, step.tx(), &updating).await?;
    audit::succeeded(control, step.tx(), call, "tenant.update", Target::Tenant(&updating.tenant.slug)).await?;
    let finished = step.finish(StepOutcome::Done, None).await;
    control.announce_update(&updating).await;
    finished
}

impl Ending {
    /// How an operation of many parts ended.
    pub(in crate::provisioning) fn of_parts(what: &str, total: usize, failed: &[&str]) -> Self {
        const NAMED_MAX: usize = 10;
        if failed.is_empty() {
            return Self::success();
        }
        let state = if failed.len() < total { OperationState::Partial } else { OperationState::Failed };
        let mut names = failed.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
        if failed.len() > NAMED_MAX {
            names.push_str(", …");
        }
        let failure = Failure {
            code: format!("{what}_failed"),
            message: format!("{} of {total} {what} failed: {names}.", failed.len()),
            param: None,
            hint: Some("The steps say why. Mend the cause, then resume the operation.".to_owned()),
        };
        Self::failure(state, failure)
    }
}
