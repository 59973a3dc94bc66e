//! `TigerBeetle`, by its own benchmark, where an environment variable names a binary of it.
//!
//! The far mark, not a peer: another kind of system, with one caller whose requests carry as many transfers as ours are
//! in flight. Its benchmark formats and starts a replica of its own and removes it again.

use std::{env, path::Path, process::Stdio};

use anyhow::Context as _;
use load::{Figures, Latency, Plan};
use tokio::process::Command;

use super::{ACCOUNTS, IN_FLIGHT, results::Results};

pub(crate) const NAME: &str = "TigerBeetle";

/// Names the binary.
const BINARY: &str = "TESSERA_BENCH_TIGERBEETLE";
/// The benchmark takes a number of transfers, not a time: what a slow machine does in a second, by transfers a request.
const PER_SECOND: [(usize, u64); 5] = [(1, 1_800), (8, 12_000), (64, 45_000), (256, 100_000), (1_000, 200_000)];

pub(crate) async fn measure(plan: &Plan, results: &mut Results) -> anyhow::Result<()> {
    let Some(binary) = env::var_os(BINARY) else {
        println!("  {NAME} is skipped: {BINARY} names no binary");
        return Ok(());
    };
    // The data file is laid into the working folder: the same disk as the cluster's.
    let folder = tempfile::tempdir()?;
    for per_request in IN_FLIGHT {
        let per_second = PER_SECOND.iter().find(|(size, _)| *size == per_request).map_or(1_800, |(_, rate)| *rate);
        let transfers = per_second.saturating_mul(plan.measured.as_secs());
        results.add(run(binary.as_ref(), folder.path(), per_request, transfers).await?);
    }
    Ok(())
}

async fn run(binary: &Path, folder: &Path, per_request: usize, transfers: u64) -> anyhow::Result<Figures> {
    let output = Command::new(binary)
        .arg("benchmark")
        .arg(format!("--account-count={ACCOUNTS}"))
        .arg(format!("--transfer-count={transfers}"))
        .arg(format!("--transfer-batch-size={per_request}"))
        .arg("--query-count=0")
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("run {}", binary.display()))?;
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    anyhow::ensure!(output.status.success(), "{NAME} ended with {}: {complained}", output.status);
    // Some releases print to one stream, some to the other.
    let text = format!("{said}\n{complained}");
    let (transfers_per_second, latency) = parse(&text).with_context(|| format!("{NAME} said {text:?}"))?;
    Ok(Figures {
        subject: NAME.to_owned(),
        load: "uniform".to_owned(),
        in_flight: per_request,
        per_call: 1,
        transfers_per_second,
        latency,
        cost: None,
        acknowledged: transfers,
    })
}

/// `load accepted = 45010 tx/s` and `batch latency p50 = 1 ms`: it counts latency in whole milliseconds.
fn parse(text: &str) -> Option<(u64, Latency)> {
    let number = |label: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(label))?;
        let value = line.split_once('=')?.1.trim_start();
        value.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u64>().ok()
    };
    let microseconds = |label: &str| Some(number(label)?.saturating_mul(1_000));
    let latency = Latency {
        p50_us: microseconds("batch latency p50 ")?,
        p95_us: microseconds("batch latency p95 ")?,
        p99_us: microseconds("batch latency p99 ")?,
    };
    Some((number("load accepted")?, latency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_benchmark_prints() {
        let text = "1222 batches in 2.71 s\ntransfer batch size = 64 txs\ntransfer batch delay = 0 us\n\
                    load accepted = 45010 tx/s\nbatch latency p1 = 0 ms\nbatch latency p50 = 1 ms\n\
                    batch latency p95 = 3 ms\nbatch latency p99 = 5 ms\nbatch latency p100 = 9 ms\n";
        let latency = Latency { p50_us: 1_000, p95_us: 3_000, p99_us: 5_000 };
        assert_eq!(parse(text), Some((45_010, latency)));
        assert_eq!(parse("error: unknown flag"), None);
    }

    #[test]
    fn every_number_in_flight_has_a_length() {
        assert!(IN_FLIGHT.iter().all(|size| PER_SECOND.iter().any(|(known, _)| known == size)));
    }
}
