//! How long the disk takes to make a page durable: the bound of everything that commits one by one.

use std::{
    fs::OpenOptions,
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

use crate::report::{Samples, show};

const PAGE: [u8; 8_192] = [0x5A; 8_192];
const ROUNDS_MAX: u32 = 2_000;
const TIME_MAX: Duration = Duration::from_secs(2);

/// Overwrites one page of a file beside the database's and flushes it, again and again.
pub(crate) fn measure(directory: &Path) -> anyhow::Result<String> {
    let path = directory.join("bench-fsync");
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    // A file that grows flushes its size as well; WAL files do not grow.
    file.write_all_at(&PAGE, 0)?;
    file.sync_all()?;
    let mut samples = Samples::default();
    let began = Instant::now();
    for _ in 0..ROUNDS_MAX {
        let started = Instant::now();
        file.write_all_at(&PAGE, 0)?;
        file.sync_data()?;
        samples.push(started.elapsed());
        if began.elapsed() > TIME_MAX {
            break;
        }
    }
    std::fs::remove_file(&path)?;
    Ok(format!("median {}, p99 {}", show(samples.median()), show(samples.percentile(99))))
}
