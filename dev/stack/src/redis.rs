//! A private Redis: loopback, behind a password.

use std::{
    fs,
    fs::OpenOptions,
    io::Write,
    ops::{Deref, DerefMut},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    error::{During, StackError},
    launch::Launch,
    port::free_port,
    ready::Ready,
    secret::random_secret,
    service::Service,
};

/// The files of one Redis.
#[derive(Clone)]
pub struct RedisFiles {
    directory: PathBuf,
    port: u16,
    password: String,
}

impl std::fmt::Debug for RedisFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisFiles")
            .field("directory", &self.directory)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl RedisFiles {
    /// Writes the configuration of a Redis that forgets everything when it stops.
    pub fn forgetful(directory: &Path, port: u16, password: &str) -> Result<Self, StackError> {
        Self::write(directory, port, password, "appendonly no")
    }

    /// Writes the configuration of a Redis that keeps its data in an append-only file.
    pub fn lasting(directory: &Path, port: u16, password: &str) -> Result<Self, StackError> {
        Self::write(directory, port, password, "appendonly yes")
    }

    fn write(directory: &Path, port: u16, password: &str, persistence: &str) -> Result<Self, StackError> {
        let action = || format!("write the configuration of Redis in {}", directory.display());
        fs::create_dir_all(directory).during(action)?;
        let text = format!(
            "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir \"{}\"\nsave \"\"\n{persistence}\ndaemonize no\n\
             set-proc-title no\n",
            directory.display()
        );
        let path = directory.join("redis.conf");
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path).during(action)?;
        file.write_all(text.as_bytes()).during(action)?;
        Ok(Self { directory: directory.to_owned(), port, password: password.to_owned() })
    }

    /// How to start it.
    pub fn launch(&self, log: &Path) -> Launch {
        Launch::new("Redis", "redis-server")
            .argument(self.directory.join("redis.conf"))
            .log_file(log)
            .ready(Ready::Redis(self.port))
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address, with the password.
    pub fn url(&self) -> String {
        format!("redis://default:{}@127.0.0.1:{}", self.password, self.port)
    }
}

/// A running throwaway Redis.
#[derive(Debug)]
pub struct Redis {
    service: Service,
    files: RedisFiles,
    _directory: TempDir,
}

impl Redis {
    /// A new one on a free port, without persistence.
    pub async fn throwaway() -> Result<Self, StackError> {
        let directory = tempfile::Builder::new()
            .prefix("tessera-redis-")
            .tempdir()
            .during(|| "make a temporary folder for Redis".to_owned())?;
        let files = RedisFiles::forgetful(directory.path(), free_port()?, &random_secret())?;
        let service = Service::start(files.launch(&directory.path().join("redis.log"))).await?;
        Ok(Self { service, files, _directory: directory })
    }

    /// Its address, with the password.
    pub fn url(&self) -> String {
        self.files.url()
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.files.port
    }
}

impl Deref for Redis {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for Redis {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
