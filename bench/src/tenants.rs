//! What tenants cost: one, a hundred, and bringing a hundred forward.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tenancy::provisioning::{MigrationRequest, Reply};

use crate::{
    platform::{Platform, TENANT, call, succeeded},
    report::{Report, Samples},
};

const MANY: u32 = 100;
/// Where the hundred stand before they are brought forward.
const OLD_VERSION: &str = "m0001_baseline";

pub(crate) async fn one(platform: &Platform, report: &mut Report) -> anyhow::Result<()> {
    let mut samples = Samples::default();
    for slug in [TENANT, "bench-second", "bench-third", "bench-fourth", "bench-fifth"] {
        let started = Instant::now();
        platform.provision(&platform.control, slug).await?;
        samples.push(started.elapsed());
    }
    report.bounded("a new tenant, both environments, local keys", &mut samples, Duration::from_secs(1));
    Ok(())
}

pub(crate) async fn hundred(platform: &Platform, report: &mut Report) -> anyhow::Result<()> {
    let pinned = platform.pinned(OLD_VERSION).await?;
    let mut samples = Samples::default();
    let all = Instant::now();
    for number in 1..=MANY {
        let started = Instant::now();
        platform.provision(&pinned, &format!("many-{number}")).await?;
        samples.push(started.elapsed());
        if number % 25 == 0 {
            println!("  {number} of {MANY} tenants");
        }
    }
    report.plain("each of 100 tenants, one after the other", &mut samples);
    report.text("100 tenants in all", &format!("{} ms", all.elapsed().as_millis()));
    pinned.drain().await;
    let started = Instant::now();
    let request: MigrationRequest = serde_json::from_value(serde_json::json!({}))?;
    let Reply::Written(written) = platform.control.start_migration(&call(), &request).await? else {
        anyhow::bail!("the migration was planned, not started");
    };
    let operation = written.operation.context("no migration was started")?;
    succeeded(&platform.control.wait_for_operation(operation, None, Duration::from_mins(10)).await?)?;
    let elapsed = started.elapsed();
    report.text("100 tenants brought forward", &format!("{} ms", elapsed.as_millis()));
    report.text("  per tenant", &format!("{} µs", elapsed.as_micros() / u128::from(MANY)));
    Ok(())
}
