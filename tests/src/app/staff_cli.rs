//! The staff's command line, run as a process without a terminal.

use std::{path::PathBuf, process::Stdio, time::Duration};

use serde_json::Value;
use stack::Project;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use super::stack::Stack;

/// Longest run of a command.
const RUN_WITHIN: Duration = Duration::from_mins(2);

/// A home folder and an environment for commands.
#[derive(Debug)]
pub struct StaffCli {
    home: TempDir,
    environment: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    line: String,
}

impl StaffCli {
    /// Nobody is signed in; commands go to the control plane at `url`.
    pub fn of(url: &str) -> Self {
        let home = tempfile::Builder::new().prefix("tessera-cli-").tempdir().unwrap();
        Self { home, environment: vec![("TESSERA_API_URL".to_owned(), url.to_owned())] }
    }

    /// Signed in by a token of the mint, with this role.
    pub fn signed_in(stack: &Stack, role: &str) -> Self {
        Self::of(stack.control.url()).with("TESSERA_TOKEN", &stack.staff_token(role))
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in the command's home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command, ready to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Project::locate().unwrap().tessera_binary());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TESSERA_") || name.starts_with("XDG_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.home.path()).env("HOME", self.home.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let output = timeout(RUN_WITHIN, self.command(arguments).output()).await;
        let output = output.unwrap_or_else(|_| panic!("{arguments:?} does not end")).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            line: arguments.join(" "),
        }
    }

    /// Runs it with `-o json`; it must end with this code.
    #[track_caller]
    pub fn json(&self, code: i32, arguments: &[&str]) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| (*argument).to_owned())
            .chain(["-o".to_owned(), "json".to_owned()])
            .collect();
        async move {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ran = self.run(&arguments).await;
            assert_eq!(ran.code, code, "{caller}: tessera {}:\n{}\n{}", ran.line, ran.stdout, ran.stderr);
            ran.document()
        }
    }
}

impl Ran {
    /// The one JSON document on stdout.
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("tessera {}: {error}: {:?} {}", self.line, self.stdout, self.stderr))
    }
}
