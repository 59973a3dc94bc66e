//! What the figures were measured on.

use std::fs;

use crate::platform::Platform;

pub(crate) async fn describe(platform: &Platform) -> anyhow::Result<String> {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("\t: unknown");
    let processor = processor.trim_start_matches(['\t', ':', ' ']).to_owned();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let (version, fsync, commit): (String, String, String) = sqlx::query_as(
        "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')",
    )
    .fetch_one(platform.app.pool())
    .await?;
    Ok(format!(
        "{processor}, {cores} cores shared with the database; Linux {}; Postgres {version}, fsync {fsync}, synchronous_commit {commit}",
        kernel.trim()
    ))
}
