//! Where new secrets go: shown once in the output, or written to a file that only its owner can read.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    failure::Failure,
    output::{Document, Output},
    session::Session,
};

/// What every key file says it is.
const KIND: &str = "api_key_rotation";
/// Characters of a key that may be shown: its prefix, and its last four.
const MASK_TAIL_CHARACTERS: usize = 4;

/// A place for secrets, prepared before they are made: a key that cannot be stored must not be issued.
#[derive(Debug)]
pub(crate) enum KeyFile {
    /// In the result itself.
    Shown,
    /// Alone on stdout; the rest of the result goes to stderr.
    Stdout,
    /// In a file.
    File {
        /// Where it will be.
        path: PathBuf,
        /// The empty file that becomes it.
        reserved: Reserved,
    },
}

/// What became of the secrets.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The keys as the result may show them.
    pub(crate) keys: Value,
    has_stdout: bool,
}

/// An empty file that disappears unless it is filled.
#[derive(Debug)]
pub(crate) struct Reserved {
    path: PathBuf,
    file: Option<fs::File>,
}

impl KeyFile {
    /// Makes sure that the secrets can be stored before they are asked for.
    pub(crate) fn prepare(path: Option<&Path>, tenant: &kernel::Slug) -> Result<Self, Failure> {
        match path {
            None => Ok(Self::Shown),
            Some(path) if path == Path::new("-") => Ok(Self::Stdout),
            Some(path) => {
                refuse_foreign_file(path, tenant)?;
                let reserved = Reserved::beside(path).map_err(|error| {
                    Failure::usage(format!("cannot write {}: {error}", path.display())).parameter("--key-file")
                })?;
                Ok(Self::File { path: path.to_owned(), reserved })
            }
        }
    }

    /// Stores the rotation's secrets and answers what the result may show of it.
    pub(crate) fn store(self, tenant: &kernel::Slug, rotation: &Value, session: &Session) -> Result<Stored, Failure> {
        let keys = rotation.get("keys").cloned().unwrap_or_else(|| json!([]));
        if !holds_secrets(&keys) {
            if keys.get(0).is_some() {
                Output::tell(
                    "warning: this request was carried out before, and secrets are shown once; \
                     `tessera tenant rotate-keys` under a new --request-id issues others",
                );
            }
            return Ok(Stored { keys, has_stdout: false });
        }
        match self {
            Self::Stdout if !session.output.format().is_structured() => {
                Output::raw(&contents(tenant, &keys));
                Ok(Stored { keys: masked(&keys), has_stdout: true })
            }
            Self::Shown | Self::Stdout => Ok(Stored { keys, has_stdout: false }),
            Self::File { path, reserved } => {
                reserved.fill(&contents(tenant, &keys), &path).map_err(|error| {
                    // The secrets exist nowhere else: losing them silently would be worse than showing them.
                    Output::tell(&format!("cannot write {}: {error}; the keys follow", path.display()));
                    Output::tell(&contents(tenant, &keys));
                    Failure::local(format!("cannot write {}: {error}", path.display()))
                })?;
                session.output.note(&format!("secrets written to {}", path.display()));
                Ok(Stored { keys: masked(&keys), has_stdout: false })
            }
        }
    }
}

impl Reserved {
    fn beside(path: &Path) -> io::Result<Self> {
        let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let path = path.with_file_name(name);
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path, file: Some(file) })
    }

    fn fill(mut self, text: &str, target: &Path) -> io::Result<()> {
        let mut file = self.file.take().ok_or(io::ErrorKind::NotFound)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        let renamed = written.and_then(|()| fs::rename(&self.path, target));
        if renamed.is_err() {
            // The first error is the one to report.
            let _ignored = fs::remove_file(&self.path);
        }
        renamed
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Best effort: an empty file left behind harms nobody.
            let _ignored = fs::remove_file(&self.path);
        }
    }
}

/// Adds the keys to what people read.
pub(crate) fn show(document: Document, stored: &Stored) -> Document {
    let mut document = if stored.has_stdout { document.aside() } else { document };
    for key in
        stored.keys.as_array().into_iter().flatten().filter(|key| key.get("secret").is_some_and(Value::is_string))
    {
        let shown = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        document = document.text(format!("{} key {}: {}", shown("mode"), shown("id"), shown("secret")));
    }
    document
}

/// Whether any secret is in there; a repeated request is answered without.
fn holds_secrets(keys: &Value) -> bool {
    keys.as_array().into_iter().flatten().any(|key| key.get("secret").is_some_and(Value::is_string))
}

/// An existing file is replaced only if it is an older key file of the same tenant.
fn refuse_foreign_file(path: &Path, tenant: &kernel::Slug) -> Result<(), Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::usage(format!("cannot look at {}: {error}", path.display()))),
    };
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    let is_ours = document.get("object").and_then(Value::as_str) == Some(KIND)
        && document.get("tenant").and_then(Value::as_str) == Some(tenant.as_str());
    if is_ours {
        return Ok(());
    }
    Err(Failure::usage(format!("{} exists and is not a key file of {tenant}; it will not be replaced", path.display()))
        .parameter("--key-file"))
}

fn contents(tenant: &kernel::Slug, keys: &Value) -> String {
    format!("{:#}\n", json!({ "object": KIND, "tenant": tenant, "keys": keys }))
}

fn masked(keys: &Value) -> Value {
    let mut keys = keys.clone();
    for key in keys.as_array_mut().into_iter().flatten() {
        if let Some(Value::String(secret)) = key.get_mut("secret") {
            *secret = mask(secret);
        }
    }
    keys
}

/// `sk_test_…wxyz`
fn mask(secret: &str) -> String {
    let prefix_end = secret.rfind('_').map_or(0, |index| index + 1);
    let (prefix, rest) = secret.split_at(prefix_end);
    let tail_start = rest.len().saturating_sub(MASK_TAIL_CHARACTERS);
    format!("{prefix}…{}", rest.get(tail_start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_shows_prefix_and_last_four() {
        assert_eq!(mask("sk_test_0123456789abcdefwxyz"), "sk_test_…wxyz");
        assert_eq!(mask("short"), "…hort");
    }
}
