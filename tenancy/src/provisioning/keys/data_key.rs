//! New data keys for environments. What the old ones sealed still opens; they seal nothing new.

use kernel::{Mode, Slug};
use keyring::Purpose;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Scope, key_of, target};
use crate::{
    hints::{Hint, HintKind},
    provisioning::{
        Change, ControlError, ControlPlane, Environment, OperationKind, OperationState, Reply, StaffCall, Tenant,
        TenantStatus, Written,
        audit::Target,
        environment::insert_data_key,
        operation::{Ending, Label, Moment, NewOperation, Run, StepOutcome, retrying},
        sql::execute,
        tenant::{enter, wrong_status},
    },
};

const RETIRE: &str = "UPDATE data_key SET retired_at = $1 WHERE retired_at IS NULL";

impl ControlPlane {
    /// Gives one environment, or both, new data keys.
    pub async fn rotate_data_keys(
        &self,
        call: &StaffCall,
        slug: &Slug,
        mode: Option<Mode>,
    ) -> Result<Reply<Tenant>, ControlError> {
        call.check()?;
        let tenant = self.tenant(slug).await?;
        if !matches!(tenant.status, TenantStatus::Active | TenantStatus::Suspended) {
            return Err(wrong_status(&tenant).into());
        }
        let scope = Scope { mode };
        if call.dry_run {
            let change = |environment: &Environment| {
                Change::of("rotate", slug.as_str()).field("data_key", Value::Null, environment.mode.as_str())
            };
            return Ok(Reply::Planned(scope.environments(&tenant).map(change).collect()));
        }
        let new = NewOperation {
            kind: OperationKind::DataKeysRotate,
            target: slug.as_str(),
            parameters: json!(scope),
            steps_total: Some(scope.count()),
            state: OperationState::Pending,
            result: None,
        };
        let id = self.begin_operation(call, &new, Target::Tenant(slug)).await?;
        self.ended(id, slug).await?;
        let object = self.tenant(slug).await?;
        Ok(Reply::Written(Written { changed: true, action: "rotated", object, operation: Some(id) }))
    }
}

/// The operation's work: one step per environment.
pub(in crate::provisioning) async fn rotate_data_keys(
    run: &Run,
    slug: &str,
    parameters: Value,
) -> Result<Ending, ControlError> {
    let tenant = target(run, slug).await?;
    for environment in Scope::read(parameters)?.environments(&tenant) {
        let label = Label { name: "data_keys", environment: Some(environment.id), tenant: Some(slug.to_owned()) };
        if run.is_done(&label).await? {
            continue;
        }
        let started = Instant::now();
        if let Err(error) = retrying(run, || rotate(run, &label, environment)).await {
            run.record_failure(&label, started, &error).await?;
            return Err(error);
        }
    }
    Ok(Ending::success())
}

async fn rotate(run: &Run, label: &Label, environment: &Environment) -> Result<(), ControlError> {
    let started = Instant::now();
    run.reach(label, Moment::Starting)?;
    let key = key_of(environment)?;
    let keyring = run.control.keyring();
    let fields = keyring.generate_data_key(&key, Purpose::Fields).await?;
    let index = keyring.generate_data_key(&key, Purpose::Index).await?;
    run.reach(label, Moment::Outside)?;
    let step = run.begin_since(label, started).await?;
    enter(step.tx(), &environment.schema).await?;
    execute(step.tx(), RETIRE, [run.control.clock().now().into()]).await?;
    insert_data_key(step.tx(), fields).await?;
    insert_data_key(step.tx(), index).await?;
    let finished = step.finish(StepOutcome::Done, None).await;
    keyring.forget(environment.id);
    run.control.hints().publish(&Hint::environment(HintKind::Key, environment.id)).await;
    finished
}
