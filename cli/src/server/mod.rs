//! The commands that run a process of the platform itself.

mod api;
mod bootstrap;
mod config;
mod control;
mod worker;

use anyhow::Context as _;
use clap::Subcommand;

use self::config::ServerConfig;

/// Names the filter of the log.
const LOG_VARIABLE: &str = "TESSERA_LOG";

/// Processes of the platform.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// Prepare a database cluster for the platform
    Bootstrap,
    /// Run the control plane (`/platform/v1`)
    Control,
    /// Run the payment API (`/v1`)
    Api,
    /// Run the jobs: expired holds, audits of the ledgers
    Worker,
}

/// Runs the process until it is told to stop.
pub(crate) async fn run(command: ServerCommand) -> anyhow::Result<()> {
    ::api::telemetry::init(std::env::var(LOG_VARIABLE).ok().as_deref())?;
    let config = ServerConfig::load()?;
    match command {
        ServerCommand::Bootstrap => bootstrap::run(config).await.context("bootstrap failed"),
        ServerCommand::Control => control::run(config).await.context("the control plane cannot run"),
        ServerCommand::Api => api::run(config).await.context("the payment API cannot run"),
        ServerCommand::Worker => worker::run(config).await.context("the worker cannot run"),
    }
}
