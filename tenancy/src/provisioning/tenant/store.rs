//! Reads tenants.

use std::collections::HashMap;

use entity::platform::{environment, issuer, tenant};
use kernel::{IssuerId, Slug, TenantId};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::{Tenant, TenantFilter};
use crate::provisioning::{ControlError, ControlPlane, Environment, IssuerSpec, Refusal, sql::statement};

/// The tenant of that name, whatever its status.
pub(in crate::provisioning) async fn find<C: ConnectionTrait>(
    db: &C,
    slug: &Slug,
) -> Result<Option<Tenant>, ControlError> {
    let row = tenant::Entity::find().filter(tenant::Column::Slug.eq(slug.as_str())).one(db).await?;
    Ok(assemble(db, row.into_iter().collect()).await?.pop())
}

/// The same, with its row locked until the transaction ends.
pub(in crate::provisioning) async fn lock(tx: &DatabaseTransaction, slug: &Slug) -> Result<Tenant, ControlError> {
    let row = tenant::Entity::find().filter(tenant::Column::Slug.eq(slug.as_str())).lock_exclusive().one(tx).await?;
    assemble(tx, row.into_iter().collect()).await?.pop().ok_or_else(|| tenant_missing(slug).into())
}

/// Keeps others from making a tenant of that name until the transaction ends.
pub(in crate::provisioning) async fn lock_slug(tx: &DatabaseTransaction, slug: &Slug) -> Result<(), DbErr> {
    let text = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('tenant:' || $1, 0))";
    tx.query_one_raw(statement(text, [slug.as_str().into()])).await.map(|_| ())
}

/// The refusal for a name nobody has.
pub(in crate::provisioning) fn tenant_missing(slug: &Slug) -> Refusal {
    Refusal::missing("tenant_missing", "There is no tenant of that name.").with_param("slug").about(slug.as_str())
}

/// Adds issuer and environments to rows, keeping their order.
async fn assemble<C: ConnectionTrait>(db: &C, rows: Vec<tenant::Model>) -> Result<Vec<Tenant>, ControlError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let issuers =
        issuer::Entity::find().filter(issuer::Column::Id.is_in(rows.iter().map(|row| row.issuer_id))).all(db).await?;
    let issuers: HashMap<_, _> = issuers.into_iter().map(|row| (row.id, row)).collect();
    let found = environment::Entity::find()
        .filter(environment::Column::TenantId.is_in(rows.iter().map(|row| row.id)))
        // `live` sorts before `test`.
        .order_by_asc(environment::Column::Mode)
        .all(db)
        .await?;
    let mut environments: HashMap<_, Vec<Environment>> = HashMap::new();
    for row in found {
        environments.entry(row.tenant_id).or_default().push(row.try_into()?);
    }
    let corrupt = |what| ControlError::Corrupt { table: "platform.tenant", what };
    rows.into_iter()
        .map(|row| {
            let issuer = issuers.get(&row.issuer_id).ok_or_else(|| corrupt("issuer_id"))?;
            Ok(Tenant {
                id: TenantId::from_uuid(row.id),
                slug: row.slug.parse().map_err(|_| corrupt("slug"))?,
                name: row.name,
                plan: row.plan,
                status: row.status.parse()?,
                issuer_id: IssuerId::from_uuid(issuer.id),
                issuer: issuer_spec(issuer),
                environments: environments.remove(&row.id).unwrap_or_default(),
                spec: serde_json::from_value(row.spec).map_err(|_| corrupt("spec"))?,
                revision: row.revision,
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
        })
        .collect()
}

/// A registered issuer in the form it was asked for.
pub(super) fn issuer_spec(row: &issuer::Model) -> IssuerSpec {
    IssuerSpec {
        url: row.url.clone(),
        shared: row.shared,
        audience_live: row.audience_live.clone(),
        audience_test: row.audience_test.clone(),
        tenant_claim: row.tenant_claim.clone(),
        algorithms: row.algorithms.clone(),
    }
}

impl ControlPlane {
    /// One tenant.
    pub async fn tenant(&self, slug: &Slug) -> Result<Tenant, ControlError> {
        find(self.orm(), slug).await?.ok_or_else(|| tenant_missing(slug).into())
    }

    /// Newest first, and whether there are more.
    pub async fn tenants(&self, filter: &TenantFilter) -> Result<(Vec<Tenant>, bool), ControlError> {
        let mut query = tenant::Entity::find().order_by_desc(tenant::Column::Id).limit(filter.limit.saturating_add(1));
        if let Some(status) = filter.status {
            query = query.filter(tenant::Column::Status.eq(status.as_str()));
        }
        if let Some(after) = filter.starting_after {
            query = query.filter(tenant::Column::Id.lt(after.as_uuid()));
        }
        let mut rows = query.all(self.orm()).await?;
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok((assemble(self.orm(), rows).await?, more))
    }
}
