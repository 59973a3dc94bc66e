//! What the figures were measured on.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use sqlx::PgPool;

/// One line for a table that needs no more.
pub(crate) async fn describe(pool: &PgPool) -> anyhow::Result<String> {
    let (version, fsync, commit): (String, String, String) = sqlx::query_as(
        "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')",
    )
    .fetch_one(pool)
    .await?;
    Ok(format!("{}; Linux {}; Postgres {version}, fsync {fsync}, synchronous_commit {commit}", processor(), kernel()))
}

/// Everything that a result is printed with, the database apart.
pub(crate) fn lines(data: &Path) -> Vec<(String, String)> {
    let line = |what: &str, value: String| (what.to_owned(), value);
    vec![
        line("processor", processor()),
        line("kernel", kernel()),
        line("file system of the data", filesystem(data).unwrap_or_else(|| "unknown".to_owned())),
        line("commit", commit()),
        line("command", std::env::args().collect::<Vec<_>>().join(" ")),
    ]
}

/// Kind and options of the file system that a folder is on.
pub(crate) fn filesystem(folder: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((Path::new(fields.next()?), fields.next()?, fields.next()?))
    });
    // Of mounts over each other the last one counts, so a later one of the same length wins.
    let (_, kind, options) =
        mounted.filter(|(point, ..)| folder.starts_with(point)).max_by_key(|(point, ..)| point.as_os_str().len())?;
    Some(format!("{kind} ({options})"))
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("\t: unknown");
    let name = name.trim_start_matches(['\t', ':', ' ']);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{name}, {cores} cores shared by clients and database")
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// The commit that is checked out, and whether files differ from it.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    if changed { format!("{commit} and changes") } else { commit }
}
