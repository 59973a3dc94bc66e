//! `cala-ledger`, measured by a program of its own on the same cluster: it needs another version of the driver.

use std::{env, path::PathBuf, process::Stdio};

use anyhow::Context as _;
use load::Figures;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use super::{chosen::is_chosen, cluster::Cluster, results::Results};

pub(crate) const NAME: &str = "cala-ledger";

/// The program, built from `bench/peers`.
const PROGRAM: &str = "cala-bench";
/// Tells it where the cluster is.
const DATABASE_URL: &str = "TESSERA_BENCH_DATABASE_URL";

pub(crate) async fn measure(cluster: &Cluster, results: &mut Results) -> anyhow::Result<()> {
    if !is_chosen(NAME, "uniform", 1) {
        return Ok(());
    }
    let program = program()?;
    if !program.exists() {
        println!("  {NAME} is skipped: {} is not built; `make bench` builds it", program.display());
        return Ok(());
    }
    let mut child = Command::new(&program)
        .env(DATABASE_URL, cluster.url("postgres")?.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("run {}", program.display()))?;
    let output = child.stdout.take().context("the program's output is not read")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        let figures: Figures = serde_json::from_str(&line).with_context(|| format!("{PROGRAM} said {line:?}"))?;
        results.add(figures);
    }
    let status = child.wait().await?;
    anyhow::ensure!(status.success(), "{PROGRAM} ended with {status}");
    Ok(())
}

/// It is built into the folder of this program.
fn program() -> anyhow::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(PROGRAM))
}
