//! Looking into the database as its administrator: what a thief of the disk would see.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::super::{
    servers::{DATABASE, POSTGRES},
    up::Running,
};

/// The answer of `psql`, aligned for reading.
pub(super) async fn look(running: &mut Running, sql: &str) -> Result<String> {
    ask(running, sql, &[]).await
}

/// One row, a column to a line.
pub(super) async fn row(running: &mut Running, sql: &str) -> Result<String> {
    ask(running, sql, &["--expanded"]).await
}

/// One value.
pub(super) async fn value(running: &mut Running, sql: &str) -> Result<String> {
    Ok(ask(running, sql, &["--tuples-only", "--no-align"]).await?.trim().to_owned())
}

/// Everything there is, as `pg_dump` writes it.
pub(super) async fn dump(running: &mut Running) -> Result<String> {
    run(running, "pg_dump", &[]).await
}

async fn ask(running: &mut Running, sql: &str, options: &[&str]) -> Result<String> {
    let mut arguments = vec!["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--pset=footer=off", "--command", sql];
    arguments.extend(options);
    run(running, "psql", &arguments).await
}

async fn run(running: &mut Running, program: &str, arguments: &[&str]) -> Result<String> {
    let password = running.state.secret(POSTGRES)?;
    let output = Command::new(running.cluster.binaries().program(program))
        .args(["--host=127.0.0.1", "--username=postgres"])
        .arg(format!("--port={}", running.cluster.port()))
        .arg(format!("--dbname={DATABASE}"))
        .args(arguments)
        .env("PGPASSWORD", password)
        .stdin(Stdio::null())
        .output()
        .await
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program} refused: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
