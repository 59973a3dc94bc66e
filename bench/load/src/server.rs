//! Processor time of a Postgres server, or of one process, from the process table.

use std::{fs, io, time::Duration};

/// Ticks per second of the process table; Linux shows 100 to programs whatever the kernel counts with.
const TICK: Duration = Duration::from_millis(10);

/// The processes of one server.
#[derive(Debug, Clone, Copy)]
pub struct ServerProcesses {
    postmaster: u32,
}

impl ServerProcesses {
    /// The server that a backend belongs to.
    pub fn of_backend(backend: u32) -> io::Result<Self> {
        Ok(Self { postmaster: parent_of(backend)? })
    }

    /// What the postmaster and its children have used, those that have ended included.
    pub fn cpu_time(&self) -> io::Result<Duration> {
        let mut ticks = 0;
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A process may end between the listing and the look: the postmaster's own line counts it then.
            let Ok(stat) = Stat::read(pid) else { continue };
            if pid == self.postmaster {
                ticks += stat.own_ticks + stat.ended_children_ticks;
            } else if stat.parent == self.postmaster {
                ticks += stat.own_ticks;
            }
        }
        Ok(time_of(ticks))
    }
}

/// What one process has used, all its threads together.
pub fn cpu_time_of(pid: u32) -> io::Result<Duration> {
    Ok(time_of(Stat::read(pid)?.own_ticks))
}

fn time_of(ticks: u64) -> Duration {
    TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// The process that started another one.
pub fn parent_of(pid: u32) -> io::Result<u32> {
    Ok(Stat::read(pid)?.parent)
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own_ticks: u64,
    ended_children_ticks: u64,
}

impl Stat {
    fn read(pid: u32) -> io::Result<Self> {
        let line = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Self::parse(&line).ok_or_else(|| io::Error::other(format!("the process table shows {line:?}")))
    }

    // The name, in brackets, may hold blanks and brackets: what counts comes after the last one.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own_ticks: ticks(11)? + ticks(12)?,
            ended_children_ticks: ticks(13)? + ticks(14)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let line = "42 (postgres: (x) y) S 7 42 42 0 -1 4194560 900 0 1 0 31 12 500 60 20 0 1 0 123 0";
        let expected = Stat { parent: 7, own_ticks: 43, ended_children_ticks: 560 };
        assert_eq!(Stat::parse(line), Some(expected));
    }

    #[test]
    fn this_process_has_a_parent_and_has_used_time() {
        assert!(parent_of(std::process::id()).unwrap() > 0);
        assert!(cpu_time_of(std::process::id()).unwrap() < Duration::from_hours(1));
    }
}
