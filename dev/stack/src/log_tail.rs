//! The end of a log file, for error messages.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// How much of the file's end is looked at, in bytes.
const WINDOW_BYTES: u64 = 16 * 1024;

/// The last `lines` lines of the file; says so when there are none.
pub(crate) fn log_tail(path: &Path, lines: usize) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(WINDOW_BYTES)))?;
        file.read_to_end(&mut bytes)
    });
    if read.is_err() || bytes.is_empty() {
        return "(the log is empty)".to_owned();
    }
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_last_lines_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        assert_eq!(log_tail(&path, 2), "two\nthree");
        assert_eq!(log_tail(&path, 9), "one\ntwo\nthree");
        assert_eq!(log_tail(&directory.path().join("absent"), 2), "(the log is empty)");
    }
}
