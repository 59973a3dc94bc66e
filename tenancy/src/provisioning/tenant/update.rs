//! Changes what a tenant is: its row, its issuer and its members of both environments, in one transaction.

use kernel::Slug;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};

use super::{Tenant, TenantStatus, enter, lock, status::wrong_status};
use crate::{
    hints::{Hint, HintKind},
    provisioning::{
        Change, ControlError, ControlPlane, OperationKind, OperationState, Refusal, Reply, StaffCall, TenantSpec,
        TenantUpdate, Written,
        audit::{self, Target},
        environment::put_members,
        operation::{Admission, NewOperation, admit, find_repeat},
        spec::{CheckedSpec, differences, merged},
        sql::{execute, statement},
    },
};

const UPDATE_TENANT: &str = "\
UPDATE platform.tenant SET name = $2, plan = $3, spec = $4, revision = revision + 1, updated_at = $5 WHERE id = $1";
const UPDATE_ISSUER: &str = "\
UPDATE platform.issuer SET audience_live = $2, audience_test = $3, algorithms = $4 WHERE id = $1";
const OTHERS: &str = "SELECT 1 FROM platform.tenant WHERE issuer_id = $1 AND id <> $2 LIMIT 1";

/// A tenant, what it is to become, and what lies between.
#[derive(Debug)]
pub(in crate::provisioning) struct Updating {
    pub(in crate::provisioning) tenant: Tenant,
    pub(in crate::provisioning) spec: TenantSpec,
    pub(in crate::provisioning) changes: Vec<Change>,
}

impl Updating {
    /// Compares; `wanted` is checked.
    pub(in crate::provisioning) fn try_new(tenant: Tenant, wanted: &CheckedSpec) -> Result<Self, Refusal> {
        let changes = differences(&tenant.spec, wanted.spec())
            .map_err(|field| Refusal::from(field).about(tenant.slug.as_str()))?;
        let spec = merged(&tenant.spec, wanted.spec());
        if !changes.is_empty() && !matches!(tenant.status, TenantStatus::Active | TenantStatus::Suspended) {
            return Err(wrong_status(&tenant));
        }
        Ok(Self { tenant, spec, changes })
    }

    fn touches_issuer(&self) -> bool {
        self.tenant.issuer != self.spec.issuer
    }

    fn touches_members(&self) -> bool {
        self.tenant.spec.members != self.spec.members
    }
}

impl ControlPlane {
    /// Changes what is named in `update`.
    pub async fn update_tenant(
        &self,
        call: &StaffCall,
        slug: &Slug,
        update: &TenantUpdate,
    ) -> Result<Reply<Tenant>, ControlError> {
        call.check()?;
        let new = NewOperation {
            kind: OperationKind::TenantUpdate,
            target: slug.as_str(),
            parameters: serde_json::json!({ "update": update }),
            steps_total: None,
            state: OperationState::Succeeded,
            result: None,
        };
        let tx = self.begin().await?;
        let tenant = lock(&tx, slug).await?;
        if let Some(operation) = find_repeat(&tx, call, &new).await? {
            let operation = Some(operation.id);
            return Ok(Reply::Written(Written { changed: true, action: "updated", object: tenant, operation }));
        }
        let wanted = CheckedSpec::try_new(tenant.spec.updated(update), self.rules(), "")?;
        let updating = Updating::try_new(tenant, &wanted)?;
        if call.dry_run {
            check_issuer_is_own(&tx, &updating).await?;
            return Ok(Reply::Planned(updating.changes));
        }
        if updating.changes.is_empty() {
            return Ok(Reply::Written(Written::unchanged(updating.tenant, None)));
        }
        let Admission::Fresh(operation) = admit(self, &tx, call, &new).await? else {
            return Ok(Reply::Written(Written::unchanged(updating.tenant, None)));
        };
        apply_update(self, &tx, &updating).await?;
        audit::succeeded(self, &tx, call, "tenant.update", Target::Tenant(slug)).await?;
        tx.commit().await?;
        self.announce_update(&updating).await;
        let object = self.tenant(slug).await?;
        Ok(Reply::Written(Written { changed: true, action: "updated", object, operation: Some(operation) }))
    }

    /// Tells the API's processes, after the commit.
    pub(in crate::provisioning) async fn announce_update(&self, updating: &Updating) {
        if updating.touches_issuer() {
            self.hints().publish(&Hint::tenant(HintKind::Issuer, updating.tenant.id)).await;
        }
        if updating.touches_members() {
            for environment in &updating.tenant.environments {
                self.hints().publish(&Hint::environment(HintKind::Member, environment.id)).await;
            }
        }
    }
}

/// Writes the changes in the caller's transaction, which holds the tenant's row.
pub(in crate::provisioning) async fn apply_update(
    control: &ControlPlane,
    tx: &DatabaseTransaction,
    updating: &Updating,
) -> Result<(), ControlError> {
    let Updating { tenant, spec, .. } = updating;
    check_issuer_is_own(tx, updating).await?;
    let corrupt = |_| ControlError::Corrupt { table: "platform.tenant", what: "spec" };
    let values = [
        tenant.id.as_uuid().into(),
        spec.name.as_str().into(),
        spec.plan.as_str().into(),
        serde_json::to_value(spec).map_err(corrupt)?.into(),
        control.clock().now().into(),
    ];
    execute(tx, UPDATE_TENANT, values).await?;
    if updating.touches_issuer() {
        let values = [
            tenant.issuer_id.as_uuid().into(),
            spec.issuer.audience_live.as_str().into(),
            spec.issuer.audience_test.as_str().into(),
            spec.issuer.algorithms.clone().into(),
        ];
        execute(tx, UPDATE_ISSUER, values).await?;
    }
    if updating.touches_members() {
        let changed: Vec<_> =
            spec.members.iter().filter(|member| !tenant.spec.members.contains(member)).cloned().collect();
        for environment in &tenant.environments {
            enter(tx, &environment.schema).await?;
            put_members(control, tx, &spec.issuer.url, &changed).await?;
        }
        tx.execute_unprepared("SET LOCAL search_path TO pg_catalog").await?;
    }
    Ok(())
}

/// What several tenants rely on is not changed through one of them.
async fn check_issuer_is_own(tx: &DatabaseTransaction, updating: &Updating) -> Result<(), ControlError> {
    if !updating.touches_issuer() {
        return Ok(());
    }
    let values = [updating.tenant.issuer_id.as_uuid().into(), updating.tenant.id.as_uuid().into()];
    if tx.query_one_raw(statement(OTHERS, values)).await?.is_none() {
        return Ok(());
    }
    let message = "Other tenants use this shared issuer too.";
    Err(Refusal::conflict("issuer_shared", message).with_param("issuer").about(updating.tenant.slug.as_str()).into())
}
