//! The SQL of the directory: a named door to schema `platform`, outside any tenant's transaction.

use sqlx::{PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

/// Changes when anything changes that routing looks at. A sum of hashes over all rows, not the newest
/// `updated_at`: clocks of several control processes differ, and a suspension must never be missed.
const DIGEST: &str = "\
SELECT concat_ws(':', \
  (SELECT concat(count(*), ',', sum(hashtextextended(ROW(id, slug, status, issuer_id)::text, 0))) \
     FROM platform.tenant), \
  (SELECT concat(count(*), ',', sum(hashtextextended( \
     ROW(id, tenant_id, mode, locator, schema_name, state, key_provider, key_reference, key_state)::text, 0))) \
     FROM platform.environment), \
  (SELECT concat(count(*), ',', sum(hashtextextended( \
     ROW(id, url, shared, audience_live, audience_test, tenant_claim, algorithms)::text, 0))) \
     FROM platform.issuer))";

/// Everything routable, and nothing else: what is being provisioned, suspended or offboarded does not exist here.
const ROUTES: &str = "\
SELECT t.id AS tenant_id, t.slug, e.id AS environment_id, e.mode, e.locator, e.schema_name, \
       e.key_provider, e.key_reference, e.key_state, \
       i.id AS issuer_id, i.url, i.audience_live, i.audience_test, i.tenant_claim, i.algorithms \
  FROM platform.tenant t \
  JOIN platform.environment e ON e.tenant_id = t.id \
  JOIN platform.issuer i ON i.id = t.issuer_id \
 WHERE t.status = 'active' AND e.state = 'active' \
 LIMIT $1";

/// A routable environment with its tenant and issuer.
#[derive(Clone, Debug)]
pub(super) struct RouteRow {
    pub(super) tenant_id: Uuid,
    pub(super) slug: String,
    pub(super) environment_id: Uuid,
    pub(super) mode: String,
    pub(super) locator: String,
    pub(super) schema_name: String,
    pub(super) key_provider: Option<String>,
    pub(super) key_reference: Option<String>,
    pub(super) key_state: Option<String>,
    pub(super) issuer_id: Uuid,
    pub(super) url: String,
    pub(super) audience_live: String,
    pub(super) audience_test: String,
    pub(super) tenant_claim: String,
    pub(super) algorithms: Vec<String>,
}

pub(super) async fn digest(pool: &PgPool) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(DIGEST).fetch_one(pool).await
}

/// The rows, one more than allowed when there are too many.
pub(super) async fn routes(pool: &PgPool, environments_max: usize) -> Result<Vec<RouteRow>, sqlx::Error> {
    let limit = i64::try_from(environments_max).unwrap_or(i64::MAX).saturating_add(1);
    sqlx::query(ROUTES).bind(limit).try_map(|row: PgRow| RouteRow::try_from(&row)).fetch_all(pool).await
}

impl TryFrom<&PgRow> for RouteRow {
    type Error = sqlx::Error;

    fn try_from(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            tenant_id: row.try_get("tenant_id")?,
            slug: row.try_get("slug")?,
            environment_id: row.try_get("environment_id")?,
            mode: row.try_get("mode")?,
            locator: row.try_get("locator")?,
            schema_name: row.try_get("schema_name")?,
            key_provider: row.try_get("key_provider")?,
            key_reference: row.try_get("key_reference")?,
            key_state: row.try_get("key_state")?,
            issuer_id: row.try_get("issuer_id")?,
            url: row.try_get("url")?,
            audience_live: row.try_get("audience_live")?,
            audience_test: row.try_get("audience_test")?,
            tenant_claim: row.try_get("tenant_claim")?,
            algorithms: row.try_get("algorithms")?,
        })
    }
}
