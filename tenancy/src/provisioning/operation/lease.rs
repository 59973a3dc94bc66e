//! Who works on an operation. Times are the database's, because the clocks of several processes differ.

use std::time::Duration;

use entity::platform::operation;
use kernel::OperationId;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _};

use crate::provisioning::sql::{execute, statement};

const TAKE: &str = "\
UPDATE platform.operation \
   SET state = 'running', error = NULL, lease_owner = $2, \
       lease_expires_at = clock_timestamp() + make_interval(secs => $3::double precision / 1000) \
 WHERE id = $1 AND state IN ('pending', 'running') \
   AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())";
const RENEW: &str = "\
UPDATE platform.operation \
   SET lease_expires_at = clock_timestamp() + make_interval(secs => $3::double precision / 1000) \
 WHERE id = $1 AND lease_owner = $2 AND state = 'running'";
const GIVE_BACK: &str = "\
UPDATE platform.operation SET lease_owner = NULL, lease_expires_at = NULL WHERE id = $1 AND lease_owner = $2";
/// Shared, so that steps in two environments do not wait for each other; a take-over waits for both.
const HOLD: &str = "\
SELECT 1 FROM platform.operation WHERE id = $1 AND lease_owner = $2 AND state = 'running' FOR SHARE";
const UNLEASED: &str = "\
SELECT id FROM platform.operation WHERE state IN ('pending', 'running') \
   AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp()) ORDER BY created_at, id LIMIT 100";

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Takes the operation, if nobody else holds it and it is not finished.
pub(super) async fn take<C: ConnectionTrait>(
    db: &C,
    id: OperationId,
    owner: &str,
    lease: Duration,
) -> Result<Option<operation::Model>, DbErr> {
    let values = [id.as_uuid().into(), owner.into(), milliseconds(lease).into()];
    if execute(db, TAKE, values).await? == 0 {
        return Ok(None);
    }
    operation::Entity::find_by_id(id.as_uuid()).one(db).await
}

/// Keeps it for another while. False when it was taken over, cancelled or finished.
pub(super) async fn renew<C: ConnectionTrait>(
    db: &C,
    id: OperationId,
    owner: &str,
    lease: Duration,
) -> Result<bool, DbErr> {
    let values = [id.as_uuid().into(), owner.into(), milliseconds(lease).into()];
    Ok(execute(db, RENEW, values).await? == 1)
}

/// Lets others go on at once.
pub(super) async fn give_back<C: ConnectionTrait>(db: &C, id: OperationId, owner: &str) -> Result<(), DbErr> {
    execute(db, GIVE_BACK, [id.as_uuid().into(), owner.into()]).await.map(|_| ())
}

/// The fence: true while this owner still holds the operation. Asked last in every step's transaction, so that what a
/// process does after it lost the lease is rolled back.
pub(super) async fn hold<C: ConnectionTrait>(tx: &C, id: OperationId, owner: &str) -> Result<bool, DbErr> {
    let row = tx.query_one_raw(statement(HOLD, [id.as_uuid().into(), owner.into()])).await?;
    Ok(row.is_some())
}

/// Unfinished operations that nobody works on, oldest first.
pub(super) async fn unleased<C: ConnectionTrait>(db: &C) -> Result<Vec<OperationId>, DbErr> {
    let rows = db.query_all_raw(statement(UNLEASED, [])).await?;
    rows.iter().map(|row| row.try_get("", "id").map(OperationId::from_uuid)).collect()
}
