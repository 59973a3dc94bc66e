//! `tessera-stack`: the embedded stack at the command line. The Makefile's `up`, `down`, `status` and `demo`.

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Starts and stops everything that Tessera needs on one machine.
#[derive(Debug, Parser)]
#[command(name = "tessera-stack", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start whatever does not run yet, in the background
    Up,
    /// Stop everything
    Down {
        /// Also remove the data, the passwords and the keys
        #[arg(long)]
        forget: bool,
    },
    /// Show what runs
    Status,
    /// Do the platform's main job, step by step
    Demo,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Up => command::up().await.map(drop),
        Command::Down { forget } => command::down(forget).await,
        Command::Status => command::status().await,
        Command::Demo => command::demo().await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
