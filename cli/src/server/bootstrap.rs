//! `tessera bootstrap`: roles, database and control-plane schema of a cluster; safe to repeat.

use kernel::SystemEntropy;
use tenancy::bootstrap::{self, BootstrapConfig};

use super::config::ServerConfig;

pub(super) async fn run(mut config: ServerConfig) -> anyhow::Result<()> {
    let section = config.bootstrap()?;
    let report = bootstrap::run(
        &BootstrapConfig {
            admin_url: section.admin_url,
            control_password: section.control_password,
            app_password: section.app_password,
            worker_password: section.worker_password,
            database: section.database,
        },
        &SystemEntropy,
    )
    .await?;
    for line in &report.created {
        tracing::info!(created = line, "bootstrapped");
    }
    if report.created.is_empty() {
        tracing::info!("nothing to do: the cluster is prepared");
    }
    Ok(())
}
