//! A private Postgres: its own cluster, fsync on, data checksums on, never run as root.

mod binaries;
mod cluster;
mod place;

use std::{
    ops::{Deref, DerefMut},
    path::Path,
};

use tempfile::TempDir;

pub use self::{
    binaries::PostgresBinaries,
    cluster::{Cluster, ClusterSpec},
};
use crate::{
    error::{During, StackError},
    port::free_port,
    secret::random_secret,
    service::Service,
};

/// A running throwaway Postgres. Dropping it ends the server and removes its data.
#[derive(Debug)]
pub struct Postgres {
    // Declared before the folder, so that the server is gone when its files go.
    service: Service,
    cluster: Cluster,
    _directory: TempDir,
}

impl Postgres {
    /// A new cluster in a temporary folder, on a free port.
    pub async fn throwaway() -> Result<Self, StackError> {
        Self::throwaway_with(&[]).await
    }

    /// The same with settings of `postgresql.conf` of one's own.
    pub async fn throwaway_with(settings: &[(&str, &str)]) -> Result<Self, StackError> {
        let directory = tempfile::Builder::new()
            .prefix("tessera-pg-")
            .tempdir_in(place::temporary_folder()?)
            .during(|| "make a temporary folder for Postgres".to_owned())?;
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let cluster = Cluster::prepare(ClusterSpec {
            directory: directory.path().to_owned(),
            port: free_port()?,
            superuser_password: random_secret(),
            settings: settings.iter().map(own).collect(),
        })?;
        cluster.mend()?;
        let service = Service::start(cluster.launch(&directory.path().join("postgres.log"))).await?;
        Ok(Self { service, cluster, _directory: directory })
    }

    /// Starts it again on the same port with the same data, after `stop` or `kill`.
    pub async fn start_again(&mut self) -> Result<(), StackError> {
        self.service.kill().await?;
        self.cluster.mend()?;
        self.service.start_again().await
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.cluster.port()
    }

    /// Where the unix socket is.
    pub fn socket_directory(&self) -> &Path {
        self.cluster.socket_directory()
    }

    /// The address of database `postgres` for the superuser.
    pub fn admin_url(&self) -> String {
        self.cluster.admin_url()
    }

    /// The address of a database for a role.
    pub fn url(&self, role: &str, password: &str, database: &str) -> String {
        self.cluster.url(role, password, database)
    }

    /// The server's programs, for `psql` and `pg_dump`.
    pub fn binaries(&self) -> &PostgresBinaries {
        self.cluster.binaries()
    }
}

impl Deref for Postgres {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for Postgres {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
