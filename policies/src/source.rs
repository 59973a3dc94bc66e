//! The rows as they stand in the environment's own schema, each time read in a transaction of their
//! own.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::EnvironmentId;
use sea_orm::DbErr;
use tenancy::{
    Environment, TenantTx, UnitError, UnitsOfWork,
    directory::{Directory, DirectoryError},
};
use thiserror::Error;

use crate::{
    live::{PolicySource, SourceError},
    role::{read_revision, read_rows},
    snapshot::PolicyRows,
};

/// Reads policies through [`TenantTx`]: role and path of the environment are taken on, so the rows
/// cannot be another tenant's.
#[derive(Clone)]
pub struct TenantPolicySource {
    units: UnitsOfWork,
    directory: Directory,
}

#[derive(Debug, Error)]
enum ReadError {
    #[error("the directory cannot be read")]
    Directory(#[from] DirectoryError),
    #[error("the environment is not routable")]
    NotRoutable,
    #[error(transparent)]
    Unit(#[from] UnitError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl TenantPolicySource {
    /// Finds environments in the directory and begins its own units of work.
    pub const fn new(units: UnitsOfWork, directory: Directory) -> Self {
        Self { units, directory }
    }

    async fn environment(&self, id: EnvironmentId) -> Result<Arc<Environment>, ReadError> {
        self.directory.snapshot().await?.by_id(id).map(Arc::clone).ok_or(ReadError::NotRoutable)
    }

    async fn read_revision(&self, id: EnvironmentId) -> Result<i64, ReadError> {
        let read = |tx: TenantTx| async move {
            let revision = read_revision(&tx).await?;
            tx.commit(revision).await.map_err(|error| ReadError::Unit(error.into()))
        };
        self.units.run(self.environment(id).await?, read).await
    }

    async fn read_rows(&self, id: EnvironmentId) -> Result<PolicyRows, ReadError> {
        let read = |tx: TenantTx| async move {
            let rows = read_rows(&tx).await?;
            tx.commit(rows).await.map_err(|error| ReadError::Unit(error.into()))
        };
        self.units.run(self.environment(id).await?, read).await
    }
}

#[async_trait]
impl PolicySource for TenantPolicySource {
    async fn revision(&self, environment: EnvironmentId) -> Result<i64, SourceError> {
        self.read_revision(environment).await.map_err(SourceError::new)
    }

    async fn rows(&self, environment: EnvironmentId) -> Result<PolicyRows, SourceError> {
        self.read_rows(environment).await.map_err(SourceError::new)
    }
}

impl std::fmt::Debug for TenantPolicySource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TenantPolicySource")
    }
}
