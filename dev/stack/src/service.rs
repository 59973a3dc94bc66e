//! A running server that belongs to this process.

use std::{
    path::Path,
    process::{Child, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tokio::time::sleep;

use crate::{
    error::{During, StackError},
    launch::{Launch, StopSignal},
    log_tail::log_tail,
    process_table, spawner,
};

/// Between two looks at a process or a port.
const POLL_INTERVAL: Duration = Duration::from_millis(15);
/// How long a server may take to stop in order before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// How long an abandoned server may take to go.
const ABANDON_WITHIN: Duration = Duration::from_secs(5);
/// How much of the log an error shows.
const TAIL_LINES: usize = 15;

/// A server started from a [`Launch`]. It ends when this value is dropped, and when this process dies.
#[derive(Debug)]
pub struct Service {
    launch: Launch,
    child: Option<Child>,
}

impl Service {
    /// Starts the server and waits until it is ready.
    pub async fn start(launch: Launch) -> Result<Self, StackError> {
        let mut service = Self { launch, child: None };
        service.start_again().await?;
        Ok(service)
    }

    /// Starts it once more, the same way, after it was stopped or killed.
    pub async fn start_again(&mut self) -> Result<(), StackError> {
        self.kill().await?;
        let child = spawner::spawn(self.launch.supervised_command()?)
            .during(|| format!("start {} ({})", self.launch.name, self.launch.program.display()))?;
        self.child = Some(child);
        self.wait_until_ready().await
    }

    /// The server's process, while it runs.
    pub fn pid(&self) -> Option<i32> {
        self.child.as_ref().and_then(|child| i32::try_from(child.id()).ok())
    }

    /// Whether the process is alive.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Where its output goes.
    pub fn log_file(&self) -> &Path {
        &self.launch.log
    }

    /// The last lines of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        log_tail(&self.launch.log, lines)
    }

    /// Stops it in order; one that does not obey is killed.
    pub async fn stop(&mut self) -> Result<(), StackError> {
        if let Some(pid) = self.pid() {
            process_table::send(pid, self.launch.stop_signal.number());
            let stopped = self.wait_for_end(STOP_WITHIN).await?;
            if stopped.is_none() {
                return self.kill().await;
            }
        }
        self.child = None;
        Ok(())
    }

    /// kill -9, of the server and of every process that it started.
    pub async fn kill(&mut self) -> Result<(), StackError> {
        if let Some(pid) = self.pid() {
            let family = kill_tree(pid);
            self.wait_for_end(STOP_WITHIN).await?;
            let began = Instant::now();
            while family.iter().any(|pid| process_table::entry(*pid).is_some()) && began.elapsed() < STOP_WITHIN {
                sleep(POLL_INTERVAL).await;
            }
        }
        self.child = None;
        Ok(())
    }

    /// Freezes it: it keeps its port and its memory, and answers nobody.
    pub fn pause(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets a frozen server go on.
    pub fn resume(&self) {
        self.signal_all(Signal::CONT);
    }

    /// Waits until the server ends by itself.
    pub async fn wait_for_end(&mut self, limit: Duration) -> Result<Option<ExitStatus>, StackError> {
        let Some(child) = self.child.as_mut() else { return Ok(None) };
        let began = Instant::now();
        loop {
            let status = child.try_wait().during(|| format!("wait for {}", self.launch.name))?;
            if status.is_some() || began.elapsed() > limit {
                return Ok(status);
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    fn signal_all(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            process_table::send(pid, signal);
            for child in process_table::descendants(pid) {
                process_table::send(child, signal);
            }
        }
    }

    async fn wait_until_ready(&mut self) -> Result<(), StackError> {
        let Some(ready) = self.launch.ready.clone() else { return Ok(()) };
        let began = Instant::now();
        loop {
            if let Some(status) = self.wait_for_end(Duration::ZERO).await? {
                self.child = None;
                return Err(self.ended(&status.to_string()));
            }
            if ready.probe(self.pid().unwrap_or_default()).await {
                return Ok(());
            }
            if began.elapsed() > self.launch.ready_within {
                let error = self.not_ready();
                self.kill().await?;
                return Err(error);
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    fn ended(&self, status: &str) -> StackError {
        StackError::Ended {
            name: self.launch.name.clone(),
            status: status.to_owned(),
            log: self.launch.log.clone(),
            tail: self.log_tail(TAIL_LINES),
        }
    }

    fn not_ready(&self) -> StackError {
        StackError::NotReady {
            name: self.launch.name.clone(),
            waited_seconds: self.launch.ready_within.as_secs(),
            log: self.launch.log.clone(),
            tail: self.log_tail(TAIL_LINES),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let Some(pid) = self.pid() else { return };
        let Some(mut child) = self.child.take() else { return };
        // A frozen process takes no signal but KILL.
        process_table::send(pid, Signal::CONT);
        if self.launch.abandon_signal != StopSignal::Kill {
            process_table::send(pid, self.launch.abandon_signal.number());
            let began = Instant::now();
            while began.elapsed() < ABANDON_WITHIN {
                if !matches!(child.try_wait(), Ok(None)) {
                    return;
                }
                thread::sleep(POLL_INTERVAL);
            }
        }
        kill_tree(pid);
        let _nothing_left_to_do = child.wait();
    }
}

// Frozen first, so that it starts no further child between the look and the kill.
fn kill_tree(pid: i32) -> Vec<i32> {
    process_table::send(pid, Signal::STOP);
    let family = process_table::descendants(pid);
    process_table::send(pid, Signal::KILL);
    for child in &family {
        process_table::send(*child, Signal::KILL);
    }
    family
}
