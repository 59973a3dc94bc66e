//! Whose turn it is: the worker's door to `platform.environment_job`.
//!
//! Turns come by the worker's own clock, which is an input; leases end by the database's, which is the same for all
//! workers.

use std::time::Duration;

use kernel::EnvironmentId;
use sqlx::{PgConnection, PgPool, Row as _};
use time::OffsetDateTime;
use uuid::Uuid;

/// Environments that have come up since, with a first turn now.
const ENROL: &str = "\
INSERT INTO platform.environment_job (environment_id, job, due_at) \
SELECT e.id, j.job, $2 FROM platform.environment e JOIN platform.tenant t ON t.id = e.tenant_id \
  CROSS JOIN unnest($1::text[]) AS j (job) \
 WHERE e.state = 'active' AND t.status = 'active' ON CONFLICT DO NOTHING";
/// Only where the router would admit a request too.
const TAKE: &str = "\
WITH due AS ( \
  SELECT j.environment_id, j.job FROM platform.environment_job j \
    JOIN platform.environment e ON e.id = j.environment_id JOIN platform.tenant t ON t.id = e.tenant_id \
   WHERE j.job = $1 AND j.due_at <= $2 AND e.state = 'active' AND t.status = 'active' \
     AND (j.lease_expires_at IS NULL OR j.lease_expires_at < clock_timestamp()) \
   ORDER BY j.due_at LIMIT $3 FOR UPDATE OF j SKIP LOCKED) \
UPDATE platform.environment_job j \
   SET lease_owner = $4, lease_expires_at = clock_timestamp() + make_interval(secs => $5::double precision / 1000) \
  FROM due WHERE j.environment_id = due.environment_id AND j.job = due.job RETURNING j.environment_id, j.due_at";
const RENEW: &str = "\
UPDATE platform.environment_job \
   SET lease_expires_at = clock_timestamp() + make_interval(secs => $2::double precision / 1000) \
 WHERE lease_owner = $1";
const GIVE_BACK: &str = "\
UPDATE platform.environment_job SET lease_owner = NULL, lease_expires_at = NULL \
 WHERE environment_id = $1 AND job = $2 AND lease_owner = $3";
/// Whoever asked for an earlier turn meanwhile has it.
const END: &str = "\
UPDATE platform.environment_job \
   SET due_at = CASE WHEN due_at = $4 THEN $5 ELSE due_at END, lease_owner = NULL, lease_expires_at = NULL \
 WHERE environment_id = $1 AND job = $2 AND lease_owner = $3";

/// The turns that this process holds or may take.
#[derive(Clone, Debug)]
pub(crate) struct Leases {
    pool: PgPool,
    /// Names this process; no other has the same name.
    owner: String,
    duration: Duration,
}

/// A turn that is this process's alone until the lease expires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    pub(crate) environment: EnvironmentId,
    due_at: OffsetDateTime,
}

impl Leases {
    pub(crate) const fn new(pool: PgPool, owner: String, duration: Duration) -> Self {
        Self { pool, owner, duration }
    }

    /// Between two renewals.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.duration / 3
    }

    pub(crate) async fn enrol(&self, jobs: &[&str], now: OffsetDateTime) -> Result<(), sqlx::Error> {
        let jobs: Vec<String> = jobs.iter().map(|job| (*job).to_owned()).collect();
        sqlx::query(ENROL).bind(jobs).bind(now).execute(&self.pool).await.map(|_| ())
    }

    /// Turns that have come, those that wait longest first.
    pub(crate) async fn take(&self, job: &str, now: OffsetDateTime, count: u16) -> Result<Vec<Lease>, sqlx::Error> {
        let rows = sqlx::query(TAKE)
            .bind(job)
            .bind(now)
            .bind(i64::from(count))
            .bind(&self.owner)
            .bind(self.milliseconds())
            .fetch_all(&self.pool)
            .await?;
        let lease = |row: &sqlx::postgres::PgRow| {
            let environment: Uuid = row.try_get("environment_id")?;
            Ok(Lease { environment: EnvironmentId::from_uuid(environment), due_at: row.try_get("due_at")? })
        };
        rows.iter().map(lease).collect()
    }

    /// Keeps everything that this process still holds.
    pub(crate) async fn renew(&self) -> Result<(), sqlx::Error> {
        sqlx::query(RENEW).bind(&self.owner).bind(self.milliseconds()).execute(&self.pool).await.map(|_| ())
    }

    /// Lets others take the turn at once.
    pub(crate) async fn give_back(&self, job: &str, lease: Lease) -> Result<(), sqlx::Error> {
        let environment = lease.environment.as_uuid();
        sqlx::query(GIVE_BACK).bind(environment).bind(job).bind(&self.owner).execute(&self.pool).await.map(|_| ())
    }

    /// Ends the turn, if it is still this process's. What belongs to it is written in the same transaction.
    pub(crate) async fn end(
        &self,
        connection: &mut PgConnection,
        job: &str,
        lease: Lease,
        due_at: OffsetDateTime,
    ) -> Result<bool, sqlx::Error> {
        let ended = sqlx::query(END)
            .bind(lease.environment.as_uuid())
            .bind(job)
            .bind(&self.owner)
            .bind(lease.due_at)
            .bind(due_at)
            .execute(connection)
            .await?;
        Ok(ended.rows_affected() == 1)
    }

    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    fn milliseconds(&self) -> i64 {
        i64::try_from(self.duration.as_millis()).unwrap_or(i64::MAX)
    }
}
