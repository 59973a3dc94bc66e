//! `down`: everything stops, the last started first.

use std::fs;

use anyhow::{Context, Result};
use stack::Project;

use super::{
    screen::line,
    servers::{POSTGRES, SERVERS, Servers},
    state,
    step::Step,
};

/// What `--forget` leaves: what `make setup` installed.
const KEPT: [&str; 2] = ["venv", "lock"];

/// Stops every server; with `forget`, removes everything that `make up` made.
pub(crate) async fn down(forget: bool) -> Result<()> {
    let project = Project::locate()?;
    let directory = project.state();
    let _lock = state::lock(&directory)?;
    let servers = Servers::of(project)?;
    for (key, signal) in SERVERS.into_iter().rev() {
        let step = Step::begin("down", key);
        let stopped = servers.detached.stop(key, signal).await?;
        step.end(if stopped { "stopped" } else { "not running" }, "");
    }
    if forget {
        for entry in fs::read_dir(&directory)?.flatten() {
            let path = entry.path();
            if KEPT.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            // The database's folder may be a link to a place of ours that the server's account can reach.
            if path.ends_with(POSTGRES)
                && let Ok(target) = fs::read_link(&path)
            {
                fs::remove_dir_all(&target).with_context(|| format!("cannot remove {}", target.display()))?;
            }
            let folder = path.is_dir() && !path.is_symlink();
            let removed = if folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.with_context(|| format!("cannot remove {}", path.display()))?;
        }
        line("down: data, passwords and keys are forgotten; the next `make up` begins anew");
    }
    Ok(())
}
