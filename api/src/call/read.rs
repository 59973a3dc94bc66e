//! Reading: one unit of work that changes nothing.

use std::sync::Arc;

use axum::Json;
use futures::future::BoxFuture;
use payments::{Context, KeyAccess};
use policies::{Action, Permit};
use serde::Serialize;
use tenancy::{TenantTx, UnitError};

use super::Caller;
use crate::ApiError;

impl Caller {
    /// Runs `work` in a transaction of the caller's environment and answers with what it found.
    pub async fn read<A, T, W>(self, permit: Permit<A>, keys: KeyAccess, work: W) -> Result<Json<T>, ApiError>
    where
        A: Action + Send + Sync + 'static,
        T: Serialize + Send + 'static,
        W: for<'u> FnOnce(Context<'u>, &'u Permit<A>) -> BoxFuture<'u, Result<T, ApiError>> + Send + 'static,
    {
        let environment = Arc::clone(self.scope.environment());
        let units = self.api.units.clone();
        let unit = move |tx: TenantTx| async move {
            let context = Context {
                tx: &tx,
                actor: self.scope.actor(),
                keys: &keys,
                clock: self.api.clock.as_ref(),
                entropy: self.api.entropy.as_ref(),
            };
            let found = work(context, &permit).await?;
            Ok::<_, ApiError>(tx.commit(found).await.map_err(UnitError::from)?)
        };
        units.run(environment, unit).await.map(Json)
    }
}
