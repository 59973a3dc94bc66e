//! What is written down about a server: enough to find it again, and never to take another process for it.

use std::{
    fs,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{launch::Launch, process_table};

/// Between two looks at the process table.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How long killed processes may take to go.
const KILL_WITHIN: Duration = Duration::from_secs(15);

/// What the file about a server says. The number alone may have gone to another process since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) pid: i32,
    pub(super) start_ticks: u64,
    pub(super) boot_id: String,
    /// Of the command it was started with.
    pub(super) fingerprint: String,
}

impl Record {
    /// Of a process that has just been started.
    pub(super) fn of(pid: i32, launch: &Launch) -> Self {
        Self {
            pid,
            start_ticks: process_table::entry(pid).map(|entry| entry.start_ticks).unwrap_or_default(),
            boot_id: process_table::boot_id(),
            fingerprint: fingerprint(launch),
        }
    }

    /// Whether that very process lives.
    pub(super) fn is_alive(&self) -> bool {
        self.boot_id == process_table::boot_id()
            && process_table::entry(self.pid).is_some_and(|entry| entry.start_ticks == self.start_ticks)
    }
}

/// Ends whatever the server started and left behind.
///
/// Every server leads a session of its own, so whatever it started is found even after it is gone. A session's number
/// stays taken as long as one member lives: call this only for a server that was just seen alive.
pub(super) async fn kill_session(record: &Record) {
    let members = || {
        process_table::all()
            .into_iter()
            .filter(|entry| entry.session == record.pid)
            .map(|entry| entry.pid)
            .collect::<Vec<_>>()
    };
    let began = Instant::now();
    loop {
        let left = members();
        if left.is_empty() || began.elapsed() > KILL_WITHIN {
            return;
        }
        for pid in left {
            process_table::send(pid, Signal::KILL);
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// The program's size and time stand for its content: a rebuilt binary replaces the running one.
pub(super) fn fingerprint(launch: &Launch) -> String {
    let file = fs::metadata(&launch.program).ok();
    let modified = file.as_ref().and_then(|file| file.modified().ok());
    let text = format!(
        "{}|{:?}|{:?}|{:?}|{:?}|{}",
        launch.program.display(),
        file.map(|file| file.len()),
        modified,
        launch.arguments,
        launch.environment,
        launch.depends_on
    );
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}
