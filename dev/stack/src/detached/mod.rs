//! Servers that outlive the command that started them: `make up` starts them, `make down` ends them.

mod record;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tokio::time::sleep;

use self::record::{Record, fingerprint, kill_session};
use crate::{
    error::{During, StackError},
    launch::{Launch, StopSignal},
    log_tail::log_tail,
    process_table, spawner,
};

/// Between two looks at a process.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How long a server may take to stop in order before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(15);
/// How much of the log an error shows.
const TAIL_LINES: usize = 15;

/// The variable that every server of ours carries in its environment; its value names the server's file.
const MARK: &str = "STACK_SERVER";

/// What was done to have the server running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It ran and answered.
    Unchanged,
    /// It was not there.
    Started,
    /// It was there but dead, deaf or out of date.
    Restarted,
}

/// The servers of one folder, each with a file that names its process.
#[derive(Debug, Clone)]
pub struct Detached {
    directory: PathBuf,
}

impl Detached {
    /// Keeps the files in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Whether the server called `key` is alive, whatever it was started with.
    pub fn pid(&self, key: &str) -> Option<i32> {
        self.read(key).filter(Record::is_alive).map(|record| record.pid)
    }

    /// Has the server running: leaves a healthy one alone, starts one that is missing, replaces one that is dead, deaf
    /// or started differently. `before_start` runs when a start is needed, with nothing of the server left running.
    pub async fn ensure(
        &self,
        key: &str,
        launch: &Launch,
        before_start: impl FnOnce() -> Result<(), StackError>,
    ) -> Result<Outcome, StackError> {
        let known = self.read(key);
        if let Some(record) = &known
            && record.is_alive()
            && record.fingerprint == fingerprint(launch)
            && answers(launch, record.pid).await
        {
            return Ok(Outcome::Unchanged);
        }
        self.stop(key, launch.stop_signal).await?;
        before_start()?;
        self.start(key, launch).await?;
        Ok(if known.is_some() { Outcome::Restarted } else { Outcome::Started })
    }

    /// Ends the server; says whether there was one.
    pub async fn stop(&self, key: &str, signal: StopSignal) -> Result<bool, StackError> {
        let Some(record) = self.read(key) else { return Ok(self.kill_strays(key).await) };
        let alive = record.is_alive();
        if alive {
            // A frozen process takes no signal but KILL.
            process_table::send(record.pid, Signal::CONT);
            process_table::send(record.pid, signal.number());
            let began = Instant::now();
            while record.is_alive() && began.elapsed() < STOP_WITHIN {
                sleep(POLL_INTERVAL).await;
            }
            kill_session(&record).await;
        }
        self.forget(key)?;
        Ok(self.kill_strays(key).await || alive)
    }

    /// Ends a server that runs unknown: its file was lost.
    pub async fn end_unknown(&self, key: &str) {
        if self.pid(key).is_none() {
            self.kill_strays(key).await;
        }
    }

    // A server whose file was lost, or was never written because this command was killed just then.
    async fn kill_strays(&self, key: &str) -> bool {
        let mark = self.mark(key);
        let mut found = false;
        let began = Instant::now();
        loop {
            let strays = process_table::started_with(MARK, &mark);
            if strays.is_empty() || began.elapsed() > STOP_WITHIN {
                return found;
            }
            found = true;
            for pid in strays {
                process_table::send(pid, Signal::KILL);
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    fn mark(&self, key: &str) -> String {
        self.path(key).to_string_lossy().into_owned()
    }

    async fn start(&self, key: &str, launch: &Launch) -> Result<(), StackError> {
        keep_previous_log(&launch.log)?;
        let mut child = spawner::spawn(launch.detached_command((MARK, &self.mark(key)))?)
            .during(|| format!("start {} ({})", launch.name, launch.program.display()))?;
        let pid = i32::try_from(child.id()).unwrap_or_default();
        self.write(key, &Record::of(pid, launch))?;
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().during(|| format!("wait for {}", launch.name))? {
                self.forget(key)?;
                return Err(StackError::Ended {
                    name: launch.name.clone(),
                    status: status.to_string(),
                    log: launch.log.clone(),
                    tail: log_tail(&launch.log, TAIL_LINES),
                });
            }
            if answers(launch, pid).await {
                return Ok(());
            }
            if began.elapsed() > launch.ready_within {
                self.stop(key, StopSignal::Kill).await?;
                return Err(StackError::NotReady {
                    name: launch.name.clone(),
                    waited_seconds: launch.ready_within.as_secs(),
                    log: launch.log.clone(),
                    tail: log_tail(&launch.log, TAIL_LINES),
                });
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.directory.join(format!("{key}.pid"))
    }

    // A file that cannot be read is as good as none: the port check that follows finds a server that is still there.
    fn read(&self, key: &str) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.path(key)).ok()?).ok()
    }

    fn write(&self, key: &str, record: &Record) -> Result<(), StackError> {
        let path = self.path(key);
        let action = || format!("write {}", path.display());
        fs::create_dir_all(&self.directory).during(action)?;
        let text = serde_json::to_string(record).map_err(io::Error::other).during(action)?;
        fs::write(&path, text).during(action)
    }

    fn forget(&self, key: &str) -> Result<(), StackError> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).during(|| format!("remove {}", path.display()))
            }
            _ => Ok(()),
        }
    }
}

// The log of one run, and the one before: it neither grows for ever nor mixes an old failure with a new one.
fn keep_previous_log(log: &Path) -> Result<(), StackError> {
    if !log.is_file() {
        return Ok(());
    }
    fs::rename(log, log.with_extension("previous.log")).during(|| format!("put {} aside", log.display()))
}

async fn answers(launch: &Launch, pid: i32) -> bool {
    match &launch.ready {
        Some(ready) => ready.probe(pid).await,
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Launch {
        Launch::new("a sleeper", "sleep").argument("600")
    }

    fn record_of(detached: &Detached) -> Record {
        detached.read("sleeper").unwrap()
    }

    #[tokio::test]
    async fn a_running_server_is_left_alone_and_stopped_once() {
        let directory = tempfile::tempdir().unwrap();
        let detached = Detached::new(directory.path());
        assert_eq!(detached.ensure("sleeper", &sleeper(), || Ok(())).await.unwrap(), Outcome::Started);
        let first = record_of(&detached);
        assert_eq!(detached.ensure("sleeper", &sleeper(), || Ok(())).await.unwrap(), Outcome::Unchanged);
        assert_eq!(record_of(&detached), first);
        assert!(detached.stop("sleeper", StopSignal::Terminate).await.unwrap());
        assert!(!first.is_alive());
        assert!(!detached.stop("sleeper", StopSignal::Terminate).await.unwrap());
    }

    #[tokio::test]
    async fn a_server_whose_file_was_lost_is_found_and_ended() {
        let directory = tempfile::tempdir().unwrap();
        let detached = Detached::new(directory.path());
        detached.ensure("sleeper", &sleeper(), || Ok(())).await.unwrap();
        let record = record_of(&detached);
        detached.forget("sleeper").unwrap();
        assert!(!detached.stop("another", StopSignal::Terminate).await.unwrap());
        assert!(record.is_alive());
        assert!(detached.stop("sleeper", StopSignal::Terminate).await.unwrap());
        assert!(!record.is_alive());
    }

    #[tokio::test]
    async fn a_server_started_differently_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let detached = Detached::new(directory.path());
        detached.ensure("sleeper", &sleeper(), || Ok(())).await.unwrap();
        let first = record_of(&detached);
        let other = sleeper().environment("CHANGED", "yes");
        assert_eq!(detached.ensure("sleeper", &other, || Ok(())).await.unwrap(), Outcome::Restarted);
        assert!(!first.is_alive());
        detached.stop("sleeper", StopSignal::Terminate).await.unwrap();
    }

    #[tokio::test]
    async fn a_reused_number_is_not_our_server_and_is_never_killed() {
        let directory = tempfile::tempdir().unwrap();
        let detached = Detached::new(directory.path());
        let mut stranger = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let pid = i32::try_from(stranger.id()).unwrap();
        let started = process_table::entry(pid).unwrap().start_ticks;
        for (start_ticks, boot_id) in [(started - 1, process_table::boot_id()), (started, "another boot".to_owned())] {
            let record = Record { pid, start_ticks, boot_id, fingerprint: fingerprint(&sleeper()) };
            detached.write("sleeper", &record).unwrap();
            assert_eq!(detached.pid("sleeper"), None);
            assert!(!detached.stop("sleeper", StopSignal::Kill).await.unwrap());
            assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
        }
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[tokio::test]
    async fn a_server_that_ends_at_once_is_reported_with_its_last_words() {
        let directory = tempfile::tempdir().unwrap();
        let detached = Detached::new(directory.path());
        let launch = Launch::new("a failing server", "sh")
            .arguments(["-c", "echo the disk is full; exit 3"])
            .log_file(directory.path().join("log"))
            .ready(crate::Ready::Port(1));
        let message = detached.ensure("failing", &launch, || Ok(())).await.unwrap_err().to_string();
        assert!(message.contains("exit status: 3") && message.ends_with("the disk is full"), "{message}");
    }
}
