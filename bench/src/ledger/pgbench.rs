//! The baseline: `pgbench` calls one PL/pgSQL function per transaction.

use std::{fs, path::Path, process::Stdio};

use anyhow::Context as _;
use load::{CostPerTransfer, Figures, Latencies, Plan, Probe as _, SEED};
use tempfile::TempDir;
use tokio::process::Command;
use url::Url;

use super::{
    ACCOUNTS,
    chosen::is_chosen,
    cluster::{Cluster, run_script},
    probe::PostgresProbe,
    results::Results,
};

pub(crate) const NAME: &str = "pgbench";

const SCHEMA: &str = include_str!("baseline.sql");
const DATABASE: &str = "baseline";
/// What every account starts with: no transfer of one unit is ever refused.
const BALANCE: i64 = 1_000_000_000_000;
const CLIENTS: [usize; 4] = [1, 8, 16, 32];
const LOADS: [(&str, &str); 2] = [("uniform", include_str!("uniform.pgbench")), ("hot", include_str!("hot.pgbench"))];

pub(crate) async fn measure(cluster: &Cluster, plan: &Plan, results: &mut Results) -> anyhow::Result<()> {
    let baseline = Baseline::prepare(cluster).await?;
    for (load, script) in LOADS {
        for clients in CLIENTS.into_iter().filter(|clients| is_chosen(NAME, load, *clients)) {
            results.add(baseline.run(load, script, clients, plan).await?);
        }
    }
    Ok(())
}

struct Baseline {
    program: std::path::PathBuf,
    url: Url,
    probe: PostgresProbe,
    folder: TempDir,
}

/// What `pgbench` says of a run.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    processed: u64,
    failed: u64,
    per_second: u64,
}

impl Baseline {
    async fn prepare(cluster: &Cluster) -> anyhow::Result<Self> {
        run_script(cluster.pool(), "CREATE DATABASE baseline").await?;
        let url = cluster.url(DATABASE)?;
        let pool = sqlx::PgPool::connect(url.as_str()).await?;
        run_script(&pool, SCHEMA).await?;
        sqlx::query(
            "INSERT INTO baseline.account (id, balance_minor, floor_minor) \
             SELECT id, $2, 0 FROM generate_series(1, $1) id",
        )
        .bind(i64::try_from(ACCOUNTS)?)
        .bind(BALANCE)
        .execute(&pool)
        .await?;
        run_script(&pool, "VACUUM ANALYZE baseline.account").await?;
        let probe = cluster.probe(DATABASE, &["baseline"], "SELECT count(*) FROM baseline.transfer").await?;
        let program = cluster.postgres().binaries().program("pgbench");
        Ok(Self { program, url, probe, folder: tempfile::tempdir()? })
    }

    async fn run(&self, load: &str, script: &str, clients: usize, plan: &Plan) -> anyhow::Result<Figures> {
        let file = self.folder.path().join(load);
        fs::write(&file, script)?;
        let rows_before = self.probe.rows().await?;
        self.probe.checkpoint().await?;
        let warm = self.pgbench(&file, clients, plan.warm_up.as_secs(), None).await?;
        let logs = tempfile::tempdir_in(self.folder.path())?;
        let cost_before = self.probe.cost().await?;
        let measured =
            async { self.pgbench(&file, clients, plan.measured.as_secs(), Some(&logs.path().join("each"))).await };
        let checkpoint = async {
            if plan.has_checkpoint() {
                tokio::time::sleep(plan.measured / 2).await;
                self.probe.checkpoint().await?;
            }
            anyhow::Ok(())
        };
        let (measured, ()) = tokio::try_join!(measured, checkpoint)?;
        let cost = self.probe.cost().await?.since(&cost_before);
        let acknowledged = warm.processed + measured.processed;
        let rows = self.probe.rows().await? - rows_before;
        anyhow::ensure!(rows == acknowledged, "pgbench counts {acknowledged} transfers, the database {rows}");
        Ok(Figures {
            subject: NAME.to_owned(),
            load: load.to_owned(),
            in_flight: clients,
            per_call: 1,
            transfers_per_second: measured.per_second,
            latency: latencies(logs.path())?.summary(),
            cost: Some(CostPerTransfer::new(&cost, measured.processed)),
            acknowledged,
        })
    }

    async fn pgbench(&self, file: &Path, clients: usize, seconds: u64, log: Option<&Path>) -> anyhow::Result<Summary> {
        let threads = clients.min(std::thread::available_parallelism()?.get());
        let mut command = Command::new(&self.program);
        command
            .args(["--no-vacuum", "--protocol=prepared"])
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={threads}"))
            .arg(format!("--time={seconds}"))
            .arg(format!("--define=accounts={ACCOUNTS}"))
            .arg(format!("--random-seed={SEED}"))
            .arg(format!("--file={}", file.display()));
        if let Some(prefix) = log {
            command.arg("--log").arg(format!("--log-prefix={}", prefix.display()));
        }
        // The password stays out of the list of processes.
        command
            .env("PGHOST", self.url.host_str().unwrap_or_default())
            .env("PGPORT", self.url.port().unwrap_or_default().to_string())
            .env("PGUSER", self.url.username())
            .env("PGPASSWORD", self.url.password().unwrap_or_default())
            .env("PGDATABASE", DATABASE)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = command.output().await.with_context(|| format!("run {}", self.program.display()))?;
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        anyhow::ensure!(output.status.success(), "pgbench ended with {}: {complained}", output.status);
        let summary = Summary::parse(&said).with_context(|| format!("pgbench said {said:?}"))?;
        anyhow::ensure!(summary.failed == 0, "{} transactions of pgbench failed", summary.failed);
        Ok(summary)
    }
}

impl Summary {
    fn parse(text: &str) -> Option<Self> {
        let number = |label: &str| {
            let rest = text.lines().find_map(|line| line.strip_prefix(label))?;
            let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        Some(Self {
            processed: number("number of transactions actually processed:")?,
            // Servers before 15 do not print it.
            failed: number("number of failed transactions:").unwrap_or(0),
            per_second: number("tps =")?,
        })
    }
}

/// Reads the log: one line for each transaction, its third field the microseconds that it took.
fn latencies(folder: &Path) -> anyhow::Result<Latencies> {
    let mut latencies = Latencies::try_new()?;
    for entry in fs::read_dir(folder)? {
        for line in fs::read_to_string(entry?.path())?.lines() {
            let microseconds = line.split(' ').nth(2).and_then(|field| field.parse().ok());
            let microseconds = microseconds.with_context(|| format!("pgbench logged {line:?}"))?;
            latencies.record(std::time::Duration::from_micros(microseconds));
        }
    }
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_summary() {
        let text = "transaction type: uniform\nscaling factor: 1\nquery mode: prepared\nnumber of clients: 8\n\
                    number of transactions actually processed: 60123\nnumber of failed transactions: 2 (0.003%)\n\
                    latency average = 1.330 ms\ntps = 6012.345678 (without initial connection time)\n";
        assert_eq!(Summary::parse(text), Some(Summary { processed: 60_123, failed: 2, per_second: 6_012 }));
        assert_eq!(Summary::parse("pgbench: error"), None);
    }

    #[test]
    fn reads_the_log_of_every_thread() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("each.7"), "0 1 400 0 1700000000 1\n0 2 600 0 1700000000 2\n").unwrap();
        fs::write(folder.path().join("each.7.1"), "1 1 500 0 1700000000 3\n").unwrap();
        assert_eq!(latencies(folder.path()).unwrap().summary().p50_us, 500);
    }
}
