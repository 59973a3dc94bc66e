//! Ordering: writes that the posting engine carries out together with others'. As with [`Caller::write`], effect,
//! audit record and stored answer commit in one transaction.

use std::sync::Arc;

use axum::response::Response;
use futures::{Stream, StreamExt as _, stream};
use ledger::EngineError;
use payments::{
    KeyAccess,
    desk::{Answered, Ask, Declined, Object, Rendered, WalletOrder},
};
use policies::{Action, Permit};
use tenancy::idempotency::{Fingerprint, IdempotencyKey};

use super::{
    Caller,
    keys_in_progress::Entered,
    write::{Outgoing, key_in_use, key_of_another_request, opened, respond},
};
use crate::ApiError;

/// How an outcome is put to a client.
pub(crate) type Render = fn(&Result<Vec<Object>, Declined>) -> Rendered;

/// Orders of one call that wait for the engine at once; others follow as these are answered.
const WAITING_MAX: usize = 1_000;

/// An order that may be sent once.
pub(crate) struct Placed {
    order: WalletOrder,
    _entered: Entered,
}

impl Caller {
    /// Has the engine carry out `asks`, all or none, and answers with the outcome.
    pub(crate) async fn order<A: Action>(
        self,
        permit: &Permit<A>,
        keys: KeyAccess,
        canonical: &str,
        asks: Vec<Ask>,
        render: Render,
    ) -> Result<Response, ApiError> {
        let echo = self.idempotency_key.clone();
        let (key, fingerprint) = (self.key()?, self.fingerprint(canonical));
        let placed = self.place((permit, keys), (key, fingerprint), asks, render)?;
        let units = self.api.units.clone();
        let outgoing = units.spawn(async move { self.send(placed).await }).await??;
        Ok(respond(outgoing, echo.as_ref()))
    }

    /// The key of one of several orders of a call, and what it is bound to: the order's own key, or its place in a
    /// call that has one.
    pub(crate) fn key_within(
        &self,
        own: Option<String>,
        index: usize,
        canonical: &str,
    ) -> Result<(IdempotencyKey, Fingerprint), ApiError> {
        let key = match own {
            Some(key) => key,
            None => format!("{}:{index}", self.key()?.as_str()),
        };
        let key = IdempotencyKey::parse(&key)
            .map_err(|error| ApiError::invalid("parameter_invalid", error.to_string()).with_param("Idempotency-Key"))?;
        Ok((key, self.fingerprint(canonical)))
    }

    /// Readies an order under a key of its own.
    pub(crate) fn place<A: Action>(
        &self,
        (permit, keys): (&Permit<A>, KeyAccess),
        (key, fingerprint): (IdempotencyKey, Fingerprint),
        asks: Vec<Ask>,
        render: Render,
    ) -> Result<Placed, ApiError> {
        let environment = self.scope.environment();
        let reach = permit.reach_in(environment.id).map_err(|error| ApiError::internal().caused_by(error))?;
        let entered = self.api.keys_in_progress.enter(environment.id, key.as_str());
        let order = WalletOrder {
            actor: Arc::clone(self.scope.actor()),
            request: self.request,
            action: A::NAME_IN_AUDIT,
            rule: permit.rule().to_string(),
            reach,
            key,
            fingerprint,
            keys,
            asks,
            render,
        };
        Ok(Placed { order, _entered: entered.ok_or_else(key_in_use)? })
    }

    /// Sends orders in this order; answers come in the same.
    pub(crate) fn send_all(
        self: Arc<Self>,
        orders: Vec<Result<Placed, ApiError>>,
    ) -> impl Stream<Item = Result<(u16, String), ApiError>> + Send {
        let answers = stream::iter(orders).map(move |placed| {
            let caller = Arc::clone(&self);
            async move { caller.send(placed?).await.map(|outgoing| (outgoing.status, outgoing.body)) }
        });
        answers.buffered(WAITING_MAX)
    }

    async fn send(&self, placed: Placed) -> Result<Outgoing, ApiError> {
        let (key, keys) = (placed.order.key.clone(), placed.order.keys.clone());
        match self.api.engine.submit(self.scope.environment(), placed.order).await? {
            Answered::Now { rendered: Rendered { status, body }, .. } => Ok(Outgoing { status, body, replayed: false }),
            Answered::Before(answer) => opened(answer, &key, &keys, true),
            Answered::OtherRequest => Err(key_of_another_request()),
            Answered::InProgress => Err(key_in_use()),
            Answered::Failed(cause) => {
                tracing::error!(cause, "an answer could not be sealed");
                Err(ApiError::internal())
            }
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let answer = match &error {
            EngineError::Overloaded => {
                Self::unavailable("overloaded", "Too much is waiting. Nothing was changed. Send the request again.")
            }
            EngineError::Unavailable(_) => {
                let message = "The database cannot be reached or is busy. Nothing was changed. Send the request again.";
                Self::unavailable("database_unavailable", message)
            }
            EngineError::Unknown(_) => {
                let message = "The connection to the database broke while the request was being committed. Send it again \
                               with the same Idempotency-Key to learn whether it took effect.";
                Self::unavailable("outcome_unknown", message)
            }
            EngineError::Poisoned => {
                let message = "Money does not move at the moment: the books are being checked. Nothing was changed.";
                Self::unavailable("posting_stopped", message)
            }
            EngineError::Failed(_) | EngineError::Damaged(_) | EngineError::Aborted => Self::internal(),
        };
        answer.caused_by(error)
    }
}
