//! The program under test, in an environment of its own.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{ERROR_FIELDS, Stage, WRITE_FIELDS};

/// `tessera` with its own home.
pub(crate) struct Program {
    home: TempDir,
    environment: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Signed in at the played control plane.
    pub(crate) fn signed_in(stage: &Stage) -> Self {
        Self::signed_out(stage).with("TESSERA_TOKEN", "good")
    }

    /// Knows the control plane, but nobody is signed in.
    pub(crate) fn signed_out(stage: &Stage) -> Self {
        Self { home: TempDir::new().unwrap(), environment: Vec::new() }.with("TESSERA_API_URL", &stage.url())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// A path in its home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file in its home; answers its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Without a terminal on any stream.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tessera"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .envs(self.environment.iter().cloned())
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().unwrap())
    }

    /// With `-o json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let outcome = self.run(&[arguments, &["-o", "json"]].concat());
        (outcome.code, outcome.document())
    }

    /// In a terminal, with what a person types.
    pub(crate) fn in_terminal(&self, arguments: &[&str], typed: &str) -> Outcome {
        let quoted: Vec<_> = arguments.iter().map(|word| format!("'{word}'")).collect();
        let line = format!("{} {}", env!("CARGO_BIN_EXE_tessera"), quoted.join(" "));
        let mut command = Command::new("script");
        command
            .args(["--quiet", "--return", "--echo", "never", "--command", &line, "/dev/null"])
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("SHELL", "/bin/sh")
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed.as_bytes()).unwrap();
        Outcome::of(child.wait_with_output().unwrap())
    }
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one JSON document on stdout.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// Checks the shape of every write.
pub(crate) fn assert_write(document: &Value) {
    for field in WRITE_FIELDS {
        assert!(document.get(field).is_some(), "{field} is missing in {document:#}");
    }
}

/// Checks the shape of every failure; answers its code.
pub(crate) fn error_code(document: &Value) -> &str {
    for field in ERROR_FIELDS {
        assert!(document["error"].get(field).is_some(), "{field} is missing in {document:#}");
    }
    document["error"]["code"].as_str().unwrap()
}
