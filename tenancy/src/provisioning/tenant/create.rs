//! A new tenant: checked, written down, then provisioned by its operation.

use entity::platform::{environment, tenant};
use kernel::{EnvironmentId, IssuerId, Mode, OperationId, TenantId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait as _, DatabaseTransaction, EntityTrait as _,
};

use super::{Tenant, TenantStatus, find, issuer, lock_slug};
use crate::{
    SchemaName,
    identity::Locator,
    provisioning::{
        Change, ControlError, ControlPlane, Operation, OperationKind, OperationState, Refusal, Reply, StaffCall,
        TenantSpec, Written,
        audit::{self, Target},
        environment as steps,
        operation::{Admission, Ending, NewOperation, Run, admit, find_repeat, latest_of},
        spec::{CheckedSpec, differences},
        sql::statement,
    },
};

/// Steps of a tenant: those of each environment, and its opening.
const STEPS_TOTAL: i32 = steps::STEPS * 2 + 1;

const PLACE: &str = "\
SELECT c.id FROM platform.cell c \
 WHERE (SELECT count(*) FROM platform.environment e WHERE e.cell_id = c.id) + 2 <= c.environments_max \
 ORDER BY c.id LIMIT 1";

/// What a request to create a tenant came to.
#[derive(Debug)]
pub(in crate::provisioning) enum Creation {
    /// The tenant is written down; the operation provisions it.
    Begun(OperationId),
    /// The very request came before.
    Repeated(Box<Operation>),
    /// There is such a tenant with the same specification.
    Exists(Box<Tenant>),
}

impl ControlPlane {
    /// Makes a tenant, or finds that there is one with the same specification.
    pub async fn create_tenant(&self, call: &StaffCall, spec: TenantSpec) -> Result<Reply<Tenant>, ControlError> {
        call.check()?;
        let spec = CheckedSpec::try_new(spec, self.rules(), "")?;
        let slug = spec.spec().slug.clone();
        let begun = if call.dry_run {
            match self.preview_creation(&spec).await? {
                None => return Ok(Reply::Planned(vec![Change::of("create", slug.as_str())])),
                Some(tenant) => Creation::Exists(Box::new(tenant)),
            }
        } else {
            self.begin_creation(call, &spec, &creation(&spec)).await?
        };
        match begun {
            Creation::Begun(operation) => {
                self.enqueue(operation);
                let object = self.tenant(&slug).await?;
                Ok(Reply::Written(Written { changed: true, action: "created", object, operation: Some(operation) }))
            }
            Creation::Repeated(operation) => {
                let (object, operation) = (self.tenant(&slug).await?, Some(operation.id));
                Ok(Reply::Written(Written { changed: true, action: "created", object, operation }))
            }
            Creation::Exists(_) if call.dry_run => Ok(Reply::Planned(Vec::new())),
            Creation::Exists(tenant) => self.existing(*tenant).await,
        }
    }

    /// The same specification again: nothing to do, but an operation that ended half-way goes on.
    async fn existing(&self, tenant: Tenant) -> Result<Reply<Tenant>, ControlError> {
        let operation = latest_of(self.orm(), OperationKind::TenantCreate, tenant.slug.as_str()).await?;
        let id = operation.as_ref().map(|operation| operation.id);
        let halted = operation.filter(|operation| operation.state.is_final());
        match halted {
            Some(operation) if tenant.status == TenantStatus::Provisioning => {
                self.restart(operation.id).await?;
                Ok(Reply::Written(Written { changed: true, action: "resumed", object: tenant, operation: id }))
            }
            _ => Ok(Reply::Written(Written::unchanged(tenant, id))),
        }
    }

    /// Everything that can be known before anything is written. An existing tenant with the same specification is
    /// answered; another specification is refused.
    pub(in crate::provisioning) async fn preview_creation(
        &self,
        spec: &CheckedSpec,
    ) -> Result<Option<Tenant>, ControlError> {
        let slug = &spec.spec().slug;
        let about = |refusal: Refusal| ControlError::from(refusal.about(slug.as_str()));
        // The issuer first: if somebody makes this very tenant meanwhile, both are seen in the order they were made.
        let registered = issuer::find_agreeing(self.orm(), &spec.spec().issuer).await?;
        if let Some(tenant) = find(self.orm(), slug).await? {
            return same_or_refused(tenant, spec.spec()).map(Some).map_err(ControlError::from);
        }
        if !self.keyring().offers(spec.spec().key_provider) {
            let message = format!("The key provider `{}` is not configured here.", spec.spec().key_provider);
            return Err(about(Refusal::invalid("key_provider_missing", "key_provider", message)));
        }
        if !registered.map_err(about)? {
            issuer::check_reachable(self, spec).await.map_err(about)?;
        }
        Ok(None)
    }

    /// Checks everything, then writes tenant, environments, issuer and operation in one transaction.
    pub(in crate::provisioning) async fn begin_creation(
        &self,
        call: &StaffCall,
        spec: &CheckedSpec,
        new: &NewOperation<'_>,
    ) -> Result<Creation, ControlError> {
        if let Some(operation) = find_repeat(self.orm(), call, new).await? {
            return Ok(Creation::Repeated(Box::new(operation)));
        }
        if let Some(tenant) = self.preview_creation(spec).await? {
            return Ok(Creation::Exists(Box::new(tenant)));
        }
        let tx = self.begin().await?;
        let operation = match admit(self, &tx, call, new).await? {
            Admission::Fresh(id) => id,
            Admission::Repeat(operation) => return Ok(Creation::Repeated(operation)),
        };
        lock_slug(&tx, &spec.spec().slug).await?;
        if let Some(tenant) = find(&tx, &spec.spec().slug).await? {
            // Somebody was faster. What this transaction wrote goes away with it.
            tx.rollback().await?;
            return Ok(Creation::Exists(Box::new(same_or_refused(tenant, spec.spec())?)));
        }
        self.write_down(&tx, spec.spec()).await?;
        audit::succeeded(self, &tx, call, "tenant.create", Target::Tenant(&spec.spec().slug)).await?;
        tx.commit().await?;
        Ok(Creation::Begun(operation))
    }

    async fn write_down(&self, tx: &DatabaseTransaction, spec: &TenantSpec) -> Result<(), ControlError> {
        let cell = tx.query_one_raw(statement(PLACE, [])).await?;
        let Some(cell) = cell else {
            let message = "Every cell is full.";
            return Err(Refusal::unavailable("capacity_exhausted", message).with_hint("Add a cell.").into());
        };
        let cell: String = cell.try_get("", "id")?;
        let issuer = issuer::register(self, tx, &spec.issuer).await?;
        let id = TenantId::generate(self.clock().as_ref(), self.entropy().as_ref());
        let row = self.tenant_row(id, spec, issuer)?;
        tenant::Entity::insert(row).exec_without_returning(tx).await?;
        let environments = Mode::ALL.map(|mode| self.environment_row(id, mode, &cell));
        environment::Entity::insert_many(environments).exec_without_returning(tx).await?;
        Ok(())
    }

    fn tenant_row(
        &self,
        id: TenantId,
        spec: &TenantSpec,
        issuer: IssuerId,
    ) -> Result<tenant::ActiveModel, ControlError> {
        let now = self.clock().now();
        let corrupt = |_| ControlError::Corrupt { table: "platform.tenant", what: "spec" };
        Ok(tenant::ActiveModel {
            id: Set(id.as_uuid()),
            slug: Set(spec.slug.to_string()),
            name: Set(spec.name.clone()),
            plan: Set(spec.plan.clone()),
            status: Set(TenantStatus::Provisioning.as_str().to_owned()),
            issuer_id: Set(issuer.as_uuid()),
            spec: Set(serde_json::to_value(spec).map_err(corrupt)?),
            revision: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
        })
    }

    fn environment_row(&self, tenant: TenantId, mode: Mode, cell: &str) -> environment::ActiveModel {
        let now = self.clock().now();
        environment::ActiveModel {
            id: Set(EnvironmentId::generate(self.clock().as_ref(), self.entropy().as_ref()).as_uuid()),
            tenant_id: Set(tenant.as_uuid()),
            mode: Set(mode.as_str().to_owned()),
            cell_id: Set(cell.to_owned()),
            locator: Set(Locator::generate(self.entropy().as_ref()).as_str().to_owned()),
            schema_name: Set(SchemaName::new(tenant, mode).to_string()),
            state: Set(steps::EnvironmentState::Requested.as_str().to_owned()),
            schema_version: NotSet,
            key_provider: NotSet,
            key_reference: NotSet,
            key_state: NotSet,
            created_at: Set(now),
            updated_at: Set(now),
        }
    }
}

/// The operation that provisions what `spec` says.
pub(in crate::provisioning) fn creation(spec: &CheckedSpec) -> NewOperation<'_> {
    NewOperation {
        kind: OperationKind::TenantCreate,
        target: spec.spec().slug.as_str(),
        parameters: serde_json::json!({ "spec": spec.spec() }),
        steps_total: Some(STEPS_TOTAL),
        state: OperationState::Pending,
        result: None,
    }
}

/// The tenant itself when nothing lies between what it is and what is wanted.
fn same_or_refused(tenant: Tenant, wanted: &TenantSpec) -> Result<Tenant, Refusal> {
    let slug = tenant.slug.clone();
    let other = |field: Option<String>| {
        let message = "There is a tenant of that name with another specification.";
        let refusal = Refusal::conflict("tenant_exists_with_other_spec", message)
            .with_hint("Change it with `tessera tenant update` or `tessera plan`, or choose another slug.");
        field.into_iter().fold(refusal, Refusal::with_param).about(slug.as_str())
    };
    if tenant.status == TenantStatus::Offboarded {
        return Err(Refusal::conflict("tenant_offboarded", "The tenant of that name was offboarded.")
            .with_hint("Choose another slug.")
            .about(slug.as_str()));
    }
    match differences(&tenant.spec, wanted) {
        Ok(changes) if changes.is_empty() => Ok(tenant),
        Ok(changes) => Err(other(changes.into_iter().next().and_then(|change| change.field))),
        Err(field) => Err(other(Some(field.0.to_owned()))),
    }
}

/// The operation's work: both environments at the same time, then the opening.
pub(in crate::provisioning) async fn provision(run: &Run, slug: &str) -> Result<Ending, ControlError> {
    let slug = slug.parse().map_err(|_| ControlError::Corrupt { table: "platform.operation", what: "target" })?;
    let tenant = run.control.tenant(&slug).await?;
    steps::provision(run, &tenant.spec, &tenant.environments).await?;
    if tenant.status == TenantStatus::Provisioning {
        steps::activate(run, &tenant.spec, &tenant.environments).await?;
    }
    Ok(Ending::success())
}
