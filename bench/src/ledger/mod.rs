//! Ledgers side by side on one cluster: the baseline, a peer from crates.io, `TigerBeetle` where there is one, and ours.

mod bars;
mod cala;
mod chosen;
mod cluster;
mod engine;
mod fsync;
mod pgbench;
mod probe;
mod results;
mod tigerbeetle;

use load::Plan;

use self::{cluster::Cluster, results::Results};

/// What the tables call the engine of this project.
const ENGINE: &str = "tessera";
/// Accounts of the uniform and the hot load.
const ACCOUNTS: usize = 10_000;
/// How many transfers the engine is measured with at once.
const IN_FLIGHT: [usize; 5] = [1, 8, 64, 256, 1_000];

pub(crate) async fn measure() -> anyhow::Result<()> {
    let plan = Plan::from_environment()?;
    println!(
        "measuring: ledgers, each run {} s after {} s of warm-up",
        plan.measured.as_secs(),
        plan.warm_up.as_secs()
    );
    let cluster = Cluster::start().await?;
    for (what, value) in cluster.describe().await? {
        println!("  {what}: {value}");
    }
    let mut results = Results::default();
    pgbench::measure(&cluster, &plan, &mut results).await?;
    engine::measure(&cluster, &plan, &mut results).await?;
    cala::measure(&cluster, &mut results).await?;
    tigerbeetle::measure(&plan, &mut results).await?;
    results.print();
    bars::compare(&results).print();
    Ok(())
}
