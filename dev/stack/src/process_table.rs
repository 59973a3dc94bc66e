//! What `/proc` tells about processes: enough to recognise our own, and never another's under a reused number.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use rustix::process::{Pid, Signal, kill_process};

/// One line of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessEntry {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) session: i32,
    /// When it started, in clock ticks since boot: with the number and the boot this names a process for ever.
    pub(crate) start_ticks: u64,
}

/// The entry of a living process; nothing for one that has ended, even if nobody has collected it yet.
pub(crate) fn entry(pid: i32) -> Option<ProcessEntry> {
    parse_entry(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

// The command's name stands in parentheses and may itself hold any character, so fields count from the last one.
fn parse_entry(pid: i32, line: &str) -> Option<ProcessEntry> {
    let (_, fields) = line.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    Some(ProcessEntry {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        start_ticks: fields.get(19)?.parse().ok()?,
    })
}

/// Every living process that can be seen.
pub(crate) fn all() -> Vec<ProcessEntry> {
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    folder.filter_map(|item| item.ok()?.file_name().to_str()?.parse().ok()).filter_map(entry).collect()
}

/// The children of `pid`, their children, and so on.
pub(crate) fn descendants(pid: i32) -> Vec<i32> {
    let table = all();
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(table.iter().filter(|entry| entry.parent == parent).map(|entry| entry.pid));
        next += 1;
    }
    found.split_off(1)
}

/// The processes of `program` whose current folder is `directory`.
pub(crate) fn working_in(directory: &Path, program: &str) -> Vec<i32> {
    let Ok(directory) = directory.canonicalize() else { return Vec::new() };
    let link = |pid: i32, name: &str| fs::read_link(format!("/proc/{pid}/{name}")).ok();
    all()
        .into_iter()
        .map(|entry| entry.pid)
        .filter(|pid| link(*pid, "cwd").is_some_and(|cwd| cwd == directory))
        .filter(|pid| link(*pid, "exe").is_some_and(|exe| exe.file_name() == Some(OsStr::new(program))))
        .collect()
}

/// The processes that were started with this variable in their environment, as far as we may look into them.
pub(crate) fn started_with(name: &str, value: &str) -> Vec<i32> {
    let wanted = format!("{name}={value}");
    let has_it = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    all().into_iter().map(|entry| entry.pid).filter(has_it).collect()
}

/// What names this boot of the machine.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// The command line of a process, shortened for a message.
pub(crate) fn command_line(pid: i32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
    Some(text.trim().chars().take(80).collect())
}

/// Everything that a process has open, as the links of `/proc` show it.
pub(crate) fn open_files(pid: i32) -> Vec<PathBuf> {
    let Ok(folder) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    folder.filter_map(|item| fs::read_link(item.ok()?.path()).ok()).collect()
}

/// Sends a signal; a process that is already gone is fine.
pub(crate) fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _already_gone = kill_process(pid, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_whose_command_has_spaces_and_parentheses() {
        let line = "7 (a (odd) name) S 3 7 5 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 1";
        assert_eq!(parse_entry(7, line), Some(ProcessEntry { pid: 7, parent: 3, session: 5, start_ticks: 12_345 }));
    }

    #[test]
    fn an_uncollected_process_counts_as_gone() {
        assert_eq!(parse_entry(7, "7 (x) Z 3 7 5 0 -1 0 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 1"), None);
    }

    #[test]
    fn sees_itself_and_not_what_never_was() {
        let me = i32::try_from(std::process::id()).unwrap();
        assert_eq!(entry(me).unwrap().pid, me);
        let program = std::env::current_exe().unwrap();
        let name = program.file_name().unwrap().to_str().unwrap();
        assert!(working_in(&std::env::current_dir().unwrap(), name).contains(&me));
        assert!(working_in(&std::env::current_dir().unwrap(), "postgres").is_empty());
        assert_eq!(entry(i32::MAX), None);
    }
}
