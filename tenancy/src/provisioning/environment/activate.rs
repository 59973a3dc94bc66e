//! The last step: both environments and their tenant become routable in one transaction.

use super::{Environment, EnvironmentState};
use crate::{
    hints::{Hint, HintKind},
    provisioning::{
        ControlError, TenantSpec,
        operation::{Label, Run, StepOutcome},
        sql::execute,
    },
};

const ACTIVATE_ENVIRONMENTS: &str = "\
UPDATE platform.environment SET state = 'active', updated_at = $2 WHERE tenant_id = $1 AND state = 'policies'";
const ACTIVATE_TENANT: &str = "\
UPDATE platform.tenant SET status = 'active', updated_at = $2 WHERE id = $1 AND status = 'provisioning'";

/// Opens a tenant whose environments have all come to `policies`.
pub(in crate::provisioning) async fn activate(
    run: &Run,
    spec: &TenantSpec,
    environments: &[Environment],
) -> Result<(), ControlError> {
    let Some(tenant) = environments.first().map(|environment| environment.tenant) else { return Ok(()) };
    let label =
        Label { name: EnvironmentState::Active.as_str(), environment: None, tenant: Some(spec.slug.to_string()) };
    let now = run.control.clock().now();
    let step = run.begin(&label).await?;
    execute(step.tx(), ACTIVATE_ENVIRONMENTS, [tenant.as_uuid().into(), now.into()]).await?;
    execute(step.tx(), ACTIVATE_TENANT, [tenant.as_uuid().into(), now.into()]).await?;
    let finished = step.finish(StepOutcome::Done, None).await;
    // Sent even where the run is stopped after the commit: the tenant may be open.
    run.control.hints().publish(&Hint::tenant(HintKind::Tenant, tenant)).await;
    finished
}
