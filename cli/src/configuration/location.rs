//! The CLI's own files: where they are and how they are written.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
};

use crate::failure::Failure;

/// `$XDG_CONFIG_HOME/tessera`, or `~/.config/tessera`.
pub(crate) fn configuration_directory() -> Result<PathBuf, Failure> {
    directory("XDG_CONFIG_HOME", ".config")
}

/// `$XDG_CACHE_HOME/tessera`, or `~/.cache/tessera`.
pub(crate) fn cache_directory() -> Result<PathBuf, Failure> {
    directory("XDG_CACHE_HOME", ".cache")
}

fn directory(variable: &str, below_home: &str) -> Result<PathBuf, Failure> {
    // The XDG rules say that a relative path is to be ignored.
    let chosen = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = chosen.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(below_home)));
    base.map(|path| path.join("tessera"))
        .ok_or_else(|| Failure::usage(format!("neither {variable} nor HOME is set, so there is no place for my files")))
}

/// Makes `directory` and its parents, for the owner alone.
pub(crate) fn make_private_directory(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Replaces the file at `path` in one step, readable by the owner alone: a reader sees the old text or the new one.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_private_directory(parent)?;
    }
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", process::id()));
    let beside = path.with_file_name(name);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    let written =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ignored = fs::remove_file(&beside);
    }
    written
}
