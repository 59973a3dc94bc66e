//! Files that people write for the CLI: YAML or JSON, from a path or stdin.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use serde_json::Value;

use crate::failure::Failure;

/// Larger files are a mistake.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads the document at `path`; `-` is stdin.
pub(crate) fn read(path: &Path) -> Result<Value, Failure> {
    let text = read_text(path)?;
    let refused = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    // JSON is tried first for what looks like it: its errors are clearer and its numbers exact.
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(&text).map_err(|error| refused(error.to_string()));
    }
    serde_yaml_ng::from_str(&text).map_err(|error| refused(error.to_string()))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let outcome = if path == Path::new("-") {
        io::stdin().take(FILE_BYTES_MAX).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
    };
    let length = outcome.map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    if u64::try_from(length).unwrap_or(u64::MAX) >= FILE_BYTES_MAX {
        return Err(Failure::usage(format!("{} is larger than {FILE_BYTES_MAX} bytes", path.display())));
    }
    Ok(text)
}
