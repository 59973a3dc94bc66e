//! moto: AWS services in memory; refuses wrong contexts and tampered text, ignores key states.

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

/// A running moto server.
#[derive(Debug)]
pub struct Moto {
    service: Service,
    port: u16,
    _directory: TempDir,
}

impl Moto {
    /// Starts one on a free loopback port.
    pub async fn start() -> Result<Self, StackError> {
        let directory = tempfile::tempdir().during(|| "make a temporary folder for moto".to_owned())?;
        let port = free_port()?;
        let launch = Launch::new("moto", Project::locate()?.venv_program("moto_server")?)
            .arguments(["-H", "127.0.0.1", "-p", &port.to_string()])
            .log_file(directory.path().join("moto.log"))
            .ready(Ready::http(format!("http://127.0.0.1:{port}/moto-api/data.json")));
        Ok(Self { service: Service::start(launch).await?, port, _directory: directory })
    }

    /// The address for `aws_endpoint_url`.
    pub fn endpoint_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Deref for Moto {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for Moto {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
