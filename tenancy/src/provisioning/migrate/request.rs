//! What is to be brought forward.

use kernel::Slug;
use migration::tenant::{MIGRATIONS, migrations_up_to};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::versions::{Scheduled, schedule};
use crate::provisioning::{
    Change, ControlError, ControlPlane, Operation, OperationKind, OperationState, Refusal, Reply, StaffCall, Written,
    audit::{self, Target},
    operation::{Admission, NewOperation, admit},
    sql::statement,
    tenant::find,
};

const PARALLEL_MAX: usize = 16;
const CANARY_MAX: usize = 100;
const TENANTS_MAX: usize = 2_000;
const UNFINISHED: &str = "\
SELECT 1 FROM platform.operation WHERE kind = 'migration' AND state IN ('pending', 'running') LIMIT 1";
/// Two requests to migrate take turns: `migr` in ASCII.
const LOCK: &str = "SELECT pg_catalog.pg_advisory_xact_lock(1835624306)";

/// What is to be brought forward, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationRequest {
    /// Which tenants; all when absent.
    #[serde(default)]
    pub tenants: Option<Vec<Slug>>,
    /// How many environments at once.
    #[serde(default = "parallel")]
    pub parallel: usize,
    /// How many environments first; if one of them fails, the others are left alone.
    #[serde(default = "canary")]
    pub canary: usize,
    /// The version to stop at; the newest there is when absent.
    #[serde(default)]
    pub version_max: Option<String>,
}

fn parallel() -> usize {
    4
}

fn canary() -> usize {
    1
}

impl Default for MigrationRequest {
    fn default() -> Self {
        Self { tenants: None, parallel: parallel(), canary: canary(), version_max: None }
    }
}

impl MigrationRequest {
    /// The last version that is to be applied.
    pub(super) fn version(&self) -> Option<&'static str> {
        migrations_up_to(self.version_max.as_deref()).last().map(|migration| migration.version)
    }

    async fn check<C: ConnectionTrait>(&self, db: &C) -> Result<(), ControlError> {
        let invalid = |param: &str, message: String| Refusal::invalid("parameter_invalid", param, message);
        if !(1..=PARALLEL_MAX).contains(&self.parallel) {
            return Err(invalid("parallel", format!("must be from 1 to {PARALLEL_MAX}")).into());
        }
        if self.canary > CANARY_MAX {
            return Err(invalid("canary", format!("must be at most {CANARY_MAX}")).into());
        }
        if self.version().is_none() {
            let known: Vec<_> = MIGRATIONS.iter().map(|migration| migration.version).collect();
            let message = "There is no such version.";
            let hint = format!("The versions are {}.", known.join(", "));
            return Err(Refusal::invalid("version_unknown", "version_max", message).with_hint(hint).into());
        }
        let tenants = self.tenants.as_deref().unwrap_or_default();
        if tenants.len() > TENANTS_MAX {
            return Err(invalid("tenants", format!("must be at most {TENANTS_MAX}")).into());
        }
        for (index, slug) in tenants.iter().enumerate() {
            if find(db, slug).await?.is_none() {
                let message = "There is no tenant of that name.";
                let refusal = Refusal::missing("tenant_missing", message).with_param(format!("tenants[{index}]"));
                return Err(refusal.about(slug.as_str()).into());
            }
        }
        Ok(())
    }
}

impl ControlPlane {
    /// Begins to bring environments forward.
    pub async fn start_migration(
        &self,
        call: &StaffCall,
        request: &MigrationRequest,
    ) -> Result<Reply<Operation>, ControlError> {
        call.check()?;
        request.check(self.orm()).await?;
        if call.dry_run {
            let plan = schedule(self, request).await?;
            return Ok(Reply::Planned(plan.iter().filter(|item| item.pending > 0).map(planned(request)).collect()));
        }
        let new = NewOperation {
            kind: OperationKind::Migration,
            target: "environments",
            parameters: json!(request),
            steps_total: None,
            state: OperationState::Pending,
            result: None,
        };
        let tx = self.begin().await?;
        tx.execute_unprepared(LOCK).await?;
        if let Some(operation) = crate::provisioning::operation::find_repeat(&tx, call, &new).await? {
            return Ok(Reply::Written(started(operation)));
        }
        if tx.query_one_raw(statement(UNFINISHED, [])).await?.is_some() {
            let message = "Another migration is under way.";
            let hint = "Wait for it, or cancel it: `tessera operation list`.";
            return Err(Refusal::conflict("migration_running", message).with_hint(hint).into());
        }
        let id = match admit(self, &tx, call, &new).await? {
            Admission::Fresh(id) => id,
            Admission::Repeat(operation) => return Ok(Reply::Written(started(*operation))),
        };
        audit::succeeded(self, &tx, call, "migration.create", Target::Named("environments")).await?;
        tx.commit().await?;
        self.enqueue(id);
        Ok(Reply::Written(started(self.operation(id).await?)))
    }
}

fn started(operation: Operation) -> Written<Operation> {
    let id = operation.id;
    Written { changed: true, action: "started", object: operation, operation: Some(id) }
}

fn planned(request: &MigrationRequest) -> impl Fn(&Scheduled) -> Change {
    let to = request.version();
    move |item| {
        let field = format!("schema_version[{}]", item.environment.mode);
        let from = item.newest.as_deref().map_or(Value::Null, Value::from);
        Change::of("migrate", item.slug.as_str()).field(field, from, to)
    }
}
