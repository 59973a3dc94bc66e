//! Reading: units of work that change nothing.

use std::sync::Arc;

use axum::Json;
use futures::future::BoxFuture;
use payments::{Context, KeyAccess};
use policies::{Action, Permit};
use serde::Serialize;
use tenancy::{TenantTx, UnitError};

use super::Caller;
use crate::ApiError;

/// A permitted reading that may take several units of work, such as an answer sent page by page: no transaction is
/// held open while a client is slow.
#[derive(Debug)]
pub(crate) struct Reading<A: Action> {
    caller: Arc<Caller>,
    permit: Arc<Permit<A>>,
    keys: KeyAccess,
}

impl Caller {
    /// Runs `work` in a transaction of the caller's environment and answers with what it found.
    pub async fn read<A, T, W>(self, permit: Permit<A>, keys: KeyAccess, work: W) -> Result<Json<T>, ApiError>
    where
        A: Action + Send + Sync + 'static,
        T: Serialize + Send + 'static,
        W: for<'u> FnOnce(Context<'u>, &'u Permit<A>) -> BoxFuture<'u, Result<T, ApiError>> + Send + 'static,
    {
        self.reading(permit, keys).unit(work).await.map(Json)
    }

    /// The start of a reading in several units of work.
    pub(crate) fn reading<A: Action>(self, permit: Permit<A>, keys: KeyAccess) -> Reading<A> {
        Reading { caller: Arc::new(self), permit: Arc::new(permit), keys }
    }
}

impl<A: Action + Send + Sync + 'static> Reading<A> {
    /// Runs `work` in a transaction of its own.
    pub(crate) async fn unit<T, W>(&self, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: for<'u> FnOnce(Context<'u>, &'u Permit<A>) -> BoxFuture<'u, Result<T, ApiError>> + Send + 'static,
    {
        let (caller, permit, keys) = (Arc::clone(&self.caller), Arc::clone(&self.permit), self.keys.clone());
        let environment = Arc::clone(caller.scope.environment());
        let units = caller.api.units.clone();
        let unit = move |tx: TenantTx| async move {
            let context = Context {
                tx: &tx,
                actor: caller.scope.actor(),
                keys: &keys,
                clock: caller.api.clock.as_ref(),
                entropy: caller.api.entropy.as_ref(),
            };
            let found = work(context, &permit).await?;
            Ok::<_, ApiError>(tx.commit(found).await.map_err(UnitError::from)?)
        };
        units.run(environment, unit).await
    }
}
