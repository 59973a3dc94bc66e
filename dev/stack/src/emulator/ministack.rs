//! `MiniStack`: AWS services in memory; enforces key states, accepts tampered text.

use std::ops::{Deref, DerefMut};

use tempfile::TempDir;

use crate::{
    error::{During, StackError},
    launch::Launch,
    port::free_port,
    project::Project,
    ready::Ready,
    service::Service,
};

/// A running `MiniStack`.
#[derive(Debug)]
pub struct MiniStack {
    service: Service,
    port: u16,
    _directory: TempDir,
}

impl MiniStack {
    /// Starts one on a free loopback port, with the key service alone.
    pub async fn start() -> Result<Self, StackError> {
        let directory = tempfile::tempdir().during(|| "make a temporary folder for MiniStack".to_owned())?;
        let port = free_port()?;
        let launch = Launch::new("MiniStack", Project::locate()?.venv_program("ministack")?)
            .environment("GATEWAY_PORT", port.to_string())
            .environment("BIND_HOST", "127.0.0.1")
            .environment("SERVICES", "kms")
            .environment("IOT_MTLS_ENABLED", "false")
            .directory(directory.path())
            .log_file(directory.path().join("ministack.log"))
            .ready(Ready::http(format!("http://127.0.0.1:{port}/_ministack/health")));
        Ok(Self { service: Service::start(launch).await?, port, _directory: directory })
    }

    /// The address for `aws_endpoint_url`.
    pub fn endpoint_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Deref for MiniStack {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for MiniStack {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
