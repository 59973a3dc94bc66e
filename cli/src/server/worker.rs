//! `tessera worker`: the jobs.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use ::api::{probes, request_id::IdSource, serve};
use ::worker::{Worker, WorkerConfig, WorkerParts};
use kernel::{Clock, Entropy, SystemClock, SystemEntropy};
use ledger::{Engine, EngineConfig};
use payments::desk::WalletDesk;
use policies::{Policies, PolicyBounds, TenantPolicySource};
use tenancy::{
    Database, DatabaseConfig, UnitsOfWork, bootstrap,
    directory::{Directory, DirectoryConfig},
    lane::LanesConfig,
};
use tokio_util::sync::CancellationToken;

use super::config::{ServerConfig, WorkerSection};

/// How long a turn waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// For how long a turn belongs to a worker that was killed.
const LEASE: Duration = Duration::from_secs(10);
/// Most orders that are posted together.
const POSTING_BATCH_MAX: usize = 1_000;
/// Orders that may wait in one environment: more than a turn has.
const POSTING_WAITING_MAX: usize = 2_000;
/// Environments whose policies are kept: jobs ask for them only where there is something to do.
const POLICY_ENVIRONMENTS_MAX: u64 = 256;

pub(super) async fn run(mut config: ServerConfig) -> anyhow::Result<()> {
    let section = config.worker()?;
    let listener = serve::listen(section.listen, "worker.listen").await?;
    let database = Database::connect(&DatabaseConfig {
        url: section.database_url.clone(),
        connections_max: section.pool_connections_max,
        acquire_timeout: ACQUIRE_TIMEOUT,
        application_name: "tessera worker",
    })
    .await?;
    // As for the API: no work where the wall has a hole.
    bootstrap::check_isolation(&database).await?;
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let units = UnitsOfWork::new(database.clone());
    let worker = assemble(&config, &section, units.clone(), (&clock, &entropy))?;
    let (stop, told) = (CancellationToken::new(), CancellationToken::new());
    let mut jobs = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(&stop).await }
    });
    tracing::info!(address = %section.listen, "the worker works");
    let router = probes::router(database, IdSource { clock, entropy });
    let serving = tokio::spawn(serve::serve(listener, router, told.clone().cancelled_owned()));
    tokio::select! {
        () = serve::shutdown_signal() => {}
        // Better to end than to say that it lives.
        ended = &mut jobs => {
            ended?;
            anyhow::bail!("the jobs ended by themselves");
        }
    }
    stop.cancel();
    jobs.await?;
    units.drain().await;
    // It says that it lives as long as it does.
    told.cancel();
    serving.await?;
    tracing::info!("stopped");
    Ok(())
}

fn assemble(
    config: &ServerConfig,
    section: &WorkerSection,
    units: UnitsOfWork,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> anyhow::Result<Worker> {
    let directory = Directory::new(units.clone(), DirectoryConfig::from(&config.identity), Arc::clone(clock));
    let source = TenantPolicySource::new(units.clone(), directory.clone());
    let bounds = PolicyBounds { environments_max: POLICY_ENVIRONMENTS_MAX, ..PolicyBounds::default() };
    let lanes = LanesConfig {
        url: section.database_url.clone(),
        lanes_max: section.posting_connections_max,
        application_name: "tessera worker posting",
    };
    let engine = EngineConfig { lanes, waiting_max: POSTING_WAITING_MAX, batch_max: POSTING_BATCH_MAX };
    let desk = WalletDesk::new(Arc::clone(clock), Arc::clone(entropy));
    let parts = WorkerParts {
        engine: Engine::new(desk, &engine, Arc::clone(clock))?,
        policies: Policies::new(Arc::new(source), bounds),
        units,
        directory,
        clock: Arc::clone(clock),
        entropy: Arc::clone(entropy),
    };
    let seconds = |count: NonZeroU32| Duration::from_secs(u64::from(count.get()));
    let intervals = WorkerConfig {
        hold_expiry_interval: seconds(section.hold_expiry_interval_seconds),
        ledger_audit_interval: seconds(section.ledger_audit_interval_seconds),
        lease: LEASE,
    };
    Ok(Worker::new(parts, intervals))
}
