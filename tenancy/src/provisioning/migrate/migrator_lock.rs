//! One migrator at a time, whatever process it runs in.
//!
//! The lease of the operation says who should migrate; this lock, on a connection of its own, says who can. It ends
//! with the connection, so a killed process leaves nothing behind.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::time::sleep;

use crate::provisioning::{ControlError, operation::Run};

/// `migrator` in ASCII.
const LOCK: i64 = 0x6d69_6772_6174_6f72;
const POLL: Duration = Duration::from_millis(250);

/// Held while it lives.
#[derive(Debug)]
pub(super) struct MigratorLock(PgConnection);

impl MigratorLock {
    /// Waits until no other process migrates.
    pub(super) async fn take(run: &Run) -> Result<Self, ControlError> {
        let mut connection = run.control.database().pool().connect_options().connect().await?;
        loop {
            run.check()?;
            let taken: bool = sqlx::query_scalar("SELECT pg_catalog.pg_try_advisory_lock($1)")
                .bind(LOCK)
                .fetch_one(&mut connection)
                .await?;
            if taken {
                return Ok(Self(connection));
            }
            sleep(POLL).await;
        }
    }

    /// Lets the next one begin.
    pub(super) async fn release(self) -> Result<(), ControlError> {
        Ok(self.0.close().await?)
    }
}
