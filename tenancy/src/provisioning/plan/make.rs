//! Compares specifications with the platform. Changes nothing.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::{PLAN_TENANTS_MAX, Plan, checksum::checksum};
use crate::provisioning::{
    Change, ControlError, ControlPlane, Refusal, TenantSpec, TenantStatus,
    spec::{CheckedSpec, within},
    sql::statement,
    tenant::{Updating, find},
};

/// Revisions only grow and tenants are never deleted, so any change makes the sum larger.
const REVISION: &str = "SELECT coalesce(sum(revision), 0)::bigint AS revision FROM platform.tenant";

/// The platform's revision: larger after every change of any tenant.
pub(super) async fn platform_revision<C: ConnectionTrait>(db: &C) -> Result<i64, ControlError> {
    let row = db.query_one_raw(statement(REVISION, [])).await?;
    let corrupt = ControlError::Corrupt { table: "platform.tenant", what: "revision" };
    Ok(row.ok_or(corrupt)?.try_get("", "revision")?)
}

impl ControlPlane {
    /// The plan that leads to `specs`. Tenants it does not name are left alone.
    pub async fn make_plan(&self, specs: Vec<TenantSpec>) -> Result<Plan, ControlError> {
        let checked = self.check_specs(specs)?;
        let base_revision = platform_revision(self.orm()).await?;
        let mut changes = Vec::new();
        for (index, spec) in checked.iter().enumerate() {
            let at = |error| match error {
                ControlError::Refused(refusal) => {
                    let refusal = within(refusal, &format!("tenants[{index}]"));
                    refusal.about(spec.spec().slug.as_str()).into()
                }
                other => other,
            };
            changes.extend(self.changes_for(spec).await.map_err(at)?);
        }
        let specs: Vec<_> = checked.into_iter().map(CheckedSpec::into_spec).collect();
        let checksum = checksum(base_revision, &changes, &specs);
        Ok(Plan { base_revision, changes, checksum, specs })
    }

    /// Each by itself, then together.
    pub(super) fn check_specs(&self, specs: Vec<TenantSpec>) -> Result<Vec<CheckedSpec>, ControlError> {
        if specs.len() > PLAN_TENANTS_MAX {
            let message = format!("A plan has at most {PLAN_TENANTS_MAX} tenants.");
            return Err(Refusal::invalid("tenants_too_many", "tenants", message).into());
        }
        let mut slugs = HashMap::new();
        let mut issuers: HashMap<String, bool> = HashMap::new();
        let mut checked = Vec::new();
        for (index, spec) in specs.into_iter().enumerate() {
            let at = format!("tenants[{index}]");
            let spec = CheckedSpec::try_new(spec, self.rules(), &at)?;
            let slug = spec.spec().slug.clone();
            let refuse = |code, field: &str, message: &str| {
                Refusal::invalid(code, format!("{at}{field}"), message).about(slug.as_str())
            };
            if slugs.insert(slug.clone(), index).is_some() {
                return Err(refuse("slug_repeated", "[slug]", "This slug is named twice.").into());
            }
            let issuer = &spec.spec().issuer;
            if let Some(shared) = issuers.insert(issuer.url.clone(), issuer.shared)
                && !(shared && issuer.shared)
            {
                let message = "An own issuer belongs to one tenant; set `shared` for one that several use.";
                return Err(refuse("issuer_taken", "[issuer][url]", message).into());
            }
            checked.push(spec);
        }
        Ok(checked)
    }

    async fn changes_for(&self, spec: &CheckedSpec) -> Result<Vec<Change>, ControlError> {
        let slug = &spec.spec().slug;
        let Some(tenant) = find(self.orm(), slug).await? else {
            self.preview_creation(spec).await?;
            return Ok(vec![Change::of("create", slug.as_str())]);
        };
        if tenant.status == TenantStatus::Offboarded {
            return Err(Refusal::conflict("tenant_offboarded", "This tenant was offboarded.")
                .with_param("slug")
                .into());
        }
        Ok(Updating::try_new(tenant, spec)?.changes)
    }
}
