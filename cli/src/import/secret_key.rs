//! The secret API key that an import works with: from a file, stdin or the environment, never from the arguments.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueHint};
use kernel::Mode;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{configuration::variable, failure::Failure};

const VARIABLE: &str = "TESSERA_SECRET_KEY";
/// Key files are far smaller.
const FILE_BYTES_MAX: u64 = 64 * 1024;
const FLAG: &str = "--key-file";

/// Where the key is.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]
pub(super) struct KeyArguments {
    /// File with the secret API key, or the key file of `tenant create`; `-` for stdin; the environment's
    /// TESSERA_SECRET_KEY does as well
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    key_file: Option<PathBuf>,
    /// The environment, where the file holds keys of both
    #[arg(long, value_name = "live|test")]
    mode: Option<Mode>,
}

/// A secret API key and the environment it says it is for.
#[derive(Debug)]
pub(super) struct SecretKey {
    /// The key.
    pub(super) text: SecretString,
    /// What its prefix says.
    pub(super) mode: Mode,
}

/// A key file as `tenant create` and `tenant rotate-keys` write it.
#[derive(Deserialize)]
struct KeyDocument {
    keys: Vec<KeyEntry>,
}

#[derive(Deserialize)]
struct KeyEntry {
    secret: Option<String>,
}

impl KeyArguments {
    /// Reads the key.
    pub(super) fn read(&self) -> Result<SecretKey, Failure> {
        let Some(path) = &self.key_file else {
            let text = variable(VARIABLE).ok_or_else(|| {
                Failure::usage(format!("{FLAG} or {VARIABLE} is required: the import needs a secret API key"))
                    .parameter(FLAG)
            })?;
            return self.choose(&text, VARIABLE);
        };
        let (origin, text) = if path == Path::new("-") {
            ("stdin".to_owned(), read_bounded(io::stdin()))
        } else {
            (path.display().to_string(), File::open(path).and_then(read_bounded))
        };
        let text = text.map_err(|error| Failure::usage(format!("cannot read {origin}: {error}")).parameter(FLAG))?;
        self.choose(&text, &origin)
    }

    /// The one key that is meant. No message repeats any of the text.
    fn choose(&self, text: &str, origin: &str) -> Result<SecretKey, Failure> {
        let refused = |why: &str| Failure::usage(format!("{origin} {why}")).parameter(FLAG);
        let trimmed = text.trim();
        let mut keys: Vec<SecretKey> = if trimmed.starts_with('{') {
            let document: KeyDocument =
                serde_json::from_str(trimmed).map_err(|_| refused("is no key file of this program"))?;
            document.keys.iter().filter_map(|entry| secret_key(entry.secret.as_deref()?)).collect()
        } else {
            secret_key(trimmed).into_iter().collect()
        };
        if keys.is_empty() {
            return Err(refused("holds no secret API key (`sk_test_…` or `sk_live_…`)"));
        }
        keys.retain(|key| self.mode.is_none_or(|mode| mode == key.mode));
        match (keys.pop(), keys.is_empty(), self.mode) {
            (Some(key), true, _) => Ok(key),
            (Some(_), false, None) => {
                Err(Failure::usage(format!("{origin} holds several keys; --mode says which")).parameter("--mode"))
            }
            (Some(_), false, Some(mode)) => Err(refused(&format!("holds several keys of mode {mode}"))),
            (None, _, _) => Err(refused("holds no key of that mode")),
        }
    }
}

fn read_bounded(source: impl io::Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn secret_key(text: &str) -> Option<SecretKey> {
    let mode = Mode::ALL.into_iter().find(|mode| text.starts_with(&format!("sk_{mode}_")))?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_plain.then(|| SecretKey { text: text.into(), mode })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn chosen(text: &str, mode: Option<Mode>) -> Result<String, String> {
        let arguments = KeyArguments { key_file: None, mode };
        match arguments.choose(text, "x") {
            Ok(key) => Ok(key.text.expose_secret().to_owned()),
            Err(failure) => Err(failure.message.clone()),
        }
    }

    #[test]
    fn one_key_is_chosen_and_none_is_repeated_in_a_message() {
        let file =
            r#"{"object":"api_key_rotation","keys":[{"mode":"live","secret":"sk_live_aa"},{"secret":"sk_test_bb"}]}"#;
        assert_eq!(chosen("sk_test_abc\n", None).as_deref(), Ok("sk_test_abc"));
        assert_eq!(chosen(file, Some(Mode::Test)).as_deref(), Ok("sk_test_bb"));
        assert_eq!(chosen(file, Some(Mode::Live)).as_deref(), Ok("sk_live_aa"));
        assert!(chosen(file, None).unwrap_err().contains("--mode"));
        for (text, mode) in
            [("sk_test_abc", Some(Mode::Live)), ("pk_test_abc", None), ("sk_test_a b", None), ("", None), ("{}", None)]
        {
            let message = chosen(text, mode).unwrap_err();
            assert!(!message.contains("abc"), "{message}");
        }
    }
}
