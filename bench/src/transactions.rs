//! What the wall costs: a `TenantTx` beside a bare transaction on the same pool.

use std::{sync::Arc, time::Instant};

use kernel::{EnvironmentId, Mode, TenantId};
use keyring::{KeyReference, KeyState, ProviderKind};
use sqlx::Row as _;
use tenancy::{Environment, SchemaName, TenantTx};

use crate::{
    platform::{Platform, TENANT},
    report::{Report, Samples},
};

const ROUNDS: usize = 3_000;

pub(crate) async fn measure(platform: &Platform, report: &mut Report) -> anyhow::Result<()> {
    let environment = Arc::new(environment(platform).await?);
    let (mut bare, mut inside) = (Samples::default(), Samples::default());
    // In turns, so that both see the same machine.
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let mut transaction = platform.app.pool().begin().await?;
        sqlx::query("SELECT 1").execute(&mut *transaction).await?;
        transaction.commit().await?;
        bare.push(started.elapsed());

        let started = Instant::now();
        let tx = TenantTx::begin(&platform.app, Arc::clone(&environment)).await?;
        tx.with_connection(|connection| {
            Box::pin(async move { sqlx::query("SELECT 1").execute(connection).await.map(drop) })
        })
        .await?;
        tx.commit(()).await?;
        inside.push(started.elapsed());
    }
    report.plain("a bare transaction with one statement", &mut bare);
    report.plain("a TenantTx with one statement", &mut inside);
    let overhead = inside.median().saturating_sub(bare.median());
    report.text("overhead of role, path and time limits", &format!("{} µs", overhead.as_micros()));
    Ok(())
}

async fn environment(platform: &Platform) -> anyhow::Result<Environment> {
    let sql = "SELECT e.id, e.tenant_id, e.locator FROM platform.environment e JOIN platform.tenant t ON t.id = e.tenant_id \
               WHERE t.slug = $1 AND e.mode = 'test'";
    let row = sqlx::query(sql).bind(TENANT).fetch_one(platform.app.pool()).await?;
    let tenant = TenantId::from_uuid(row.try_get("tenant_id")?);
    Ok(Environment {
        id: EnvironmentId::from_uuid(row.try_get("id")?),
        tenant,
        slug: TENANT.parse()?,
        mode: Mode::Test,
        locator: row.try_get("locator")?,
        schema: SchemaName::new(tenant, Mode::Test),
        key: KeyReference::try_new(ProviderKind::Local, "unused")?,
        key_state: KeyState::Enabled,
    })
}
