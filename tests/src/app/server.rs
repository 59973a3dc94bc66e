//! The product's own processes: `tessera api` and `tessera control`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use stack::{Launch, Project, Ready, Service};

use super::client::Client;

/// How long a server may take to become ready, also in a debug build on a busy machine.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// Settings of a process: variable and value.
pub type Settings = Vec<(String, String)>;

/// A setting.
pub fn setting(name: &str, value: impl std::fmt::Display) -> (String, String) {
    (format!("TESSERA_{name}"), value.to_string())
}

/// A running process of the product that speaks HTTP.
#[derive(Debug)]
pub struct Server {
    service: Service,
    url: String,
    log: PathBuf,
}

impl Server {
    /// Starts `tessera <command>` on a free port, or on that of its settings.
    pub async fn start(command: &str, section: &str, settings: Settings, logs: &Path) -> Self {
        Self::try_start(command, section, settings, logs).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same for a process that may well refuse to start.
    pub async fn try_start(
        command: &str,
        section: &str,
        settings: Settings,
        logs: &Path,
    ) -> Result<Self, stack::StackError> {
        let own = format!("TESSERA_{section}__LISTEN");
        let own = settings.iter().find(|(name, _)| *name == own).and_then(|(_, address)| address.rsplit_once(':'));
        let port = match own.and_then(|(_, port)| port.parse().ok()) {
            Some(port) => port,
            None => stack::free_port()?,
        };
        let url = format!("http://127.0.0.1:{port}");
        let log = logs.join(format!("{command}-{port}.log"));
        let mut launch = Launch::new(format!("tessera {command}"), Project::locate()?.tessera_binary())
            .argument(command)
            .log_file(&log)
            .ready(Ready::http(format!("{url}/readyz")))
            .ready_within(READY_WITHIN);
        let listen = setting(&format!("{section}__LISTEN"), format!("127.0.0.1:{port}"));
        for (name, value) in settings.into_iter().chain([listen]) {
            launch = launch.environment(name, value);
        }
        Ok(Self { service: Service::start(launch).await?, url, log })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// A client without a credential.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(&self.url)
    }

    /// Everything it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its log, line by line, each of which must be JSON.
    pub fn log_lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON in the log: {line}"));
        self.log().lines().map(parse).collect()
    }

    pub async fn kill(&mut self) {
        self.service.kill().await.unwrap();
    }

    pub async fn stop(&mut self) {
        self.service.stop().await.unwrap();
    }

    pub async fn start_again(&mut self) {
        self.try_start_again().await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// The same where it may well not start, because something it needs is away.
    pub async fn try_start_again(&mut self) -> Result<(), stack::StackError> {
        self.service.start_again().await
    }
}
