//! Writing: effect, audit record and stored answer in one transaction, repeatable by key.
//!
//! A request without an `Idempotency-Key` gets one of its own, so that an unconfirmed commit can be
//! resolved by reading in every case.

use std::sync::Arc;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use payments::{Context, KeyAccess};
use policies::{Action, Permit};
use serde::Serialize;
use tenancy::{
    CommitError, TenantTx, UnitError,
    actor::Actor,
    audit::{self, Outcome, Record},
    idempotency::{self, Answer, AnswerBody, Claim, Fingerprint, IdempotencyKey},
};

use super::Caller;
use crate::{ApiError, error::ErrorType};

/// Marks an answer that was stored before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The key again, so that a client can match answers to requests.
const KEY_ECHO: HeaderName = HeaderName::from_static("idempotency-key");

/// What a write was about, for the audit log.
pub trait Target {
    /// The id of the object made, changed or removed.
    fn target(&self) -> String;
}

/// An answer in clear, and whether it was stored before.
pub(super) struct Outgoing {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) replayed: bool,
}

impl Caller {
    /// Runs `work` in a transaction of the caller's environment. `canonical` is what the key is bound to beside
    /// method and path.
    pub async fn write<A, T, W>(
        self,
        permit: Permit<A>,
        keys: KeyAccess,
        canonical: &str,
        work: W,
    ) -> Result<Response, ApiError>
    where
        A: Action + Send + Sync + 'static,
        T: Serialize + Target + Send + 'static,
        W: for<'u> FnOnce(Context<'u>, &'u Permit<A>) -> BoxFuture<'u, Result<T, ApiError>> + Send + 'static,
    {
        let fingerprint = self.fingerprint(canonical);
        let echo = self.idempotency_key.clone();
        let key = self.key()?;
        let entered = self.api.keys_in_progress.enter(self.scope.environment().id, key.as_str());
        let Some(entered) = entered else { return Err(key_in_use()) };
        let units = self.api.units.clone();
        let unit = async move {
            let _entered = entered;
            let tx = self.begin().await?;
            match idempotency::claim(&tx, &key, &fingerprint, self.api.clock.now()).await? {
                Claim::Fresh => {}
                Claim::Replay(answer) => return opened(answer, &key, &keys, true),
                Claim::OtherRequest => return Err(key_of_another_request()),
                Claim::InProgress => return Err(key_in_use()),
            }
            let outgoing = self.carry_out(&tx, &permit, &keys, work).await?;
            idempotency::store(&tx, &key, &stored(&outgoing, &key, &keys)?).await?;
            match tx.commit(outgoing).await {
                Ok(committed) => Ok(committed.into_inner()),
                Err(CommitError::Unknown(cause)) => self.resolve(&key, &keys, cause).await,
                Err(error) => Err(UnitError::from(error).into()),
            }
        };
        units.spawn(unit).await?.map(|outgoing| respond(outgoing, echo.as_ref()))
    }

    /// The client's key, or one of the request's own.
    pub(super) fn key(&self) -> Result<IdempotencyKey, ApiError> {
        match &self.idempotency_key {
            Some(key) => Ok(key.clone()),
            None => IdempotencyKey::parse(&format!("tessera:{}", self.request)).map_err(|_| ApiError::internal()),
        }
    }

    async fn begin(&self) -> Result<TenantTx, ApiError> {
        let environment = Arc::clone(self.scope.environment());
        TenantTx::begin(self.api.units.database(), environment).await.map_err(|error| UnitError::Begin(error).into())
    }

    /// The domain's decision, success or refusal, with its audit record. A failure is neither: it is passed on
    /// and the transaction dropped.
    async fn carry_out<A, T, W>(
        &self,
        tx: &TenantTx,
        permit: &Permit<A>,
        keys: &KeyAccess,
        work: W,
    ) -> Result<Outgoing, ApiError>
    where
        A: Action,
        T: Serialize + Target,
        W: for<'u> FnOnce(Context<'u>, &'u Permit<A>) -> BoxFuture<'u, Result<T, ApiError>>,
    {
        let (clock, entropy) = (self.api.clock.as_ref(), self.api.entropy.as_ref());
        let context = Context { tx, actor: self.scope.actor(), keys, clock, entropy };
        let outcome = work(context, permit).await;
        let (outgoing, target, refusal) = match &outcome {
            Ok(object) => {
                let body = serde_json::to_string(object).map_err(|error| ApiError::internal().caused_by(error))?;
                (Outgoing { status: StatusCode::OK.as_u16(), body, replayed: false }, Some(object.target()), None)
            }
            Err(error) if error.is_final_answer() || error.status() == StatusCode::FORBIDDEN => {
                let body =
                    serde_json::to_string(&error.body()).map_err(|error| ApiError::internal().caused_by(error))?;
                (Outgoing { status: error.status().as_u16(), body, replayed: false }, None, Some(error.code()))
            }
            Err(error) => return Err(error.clone()),
        };
        let record = Record {
            actor: self.scope.actor(),
            action: A::NAME_IN_AUDIT,
            target: target.as_deref(),
            outcome: refusal.map_or(Outcome::Succeeded, Outcome::Refused),
            rule: Some(&permit.rule().to_string()),
            request: self.request,
        };
        audit::append(tx, record, clock, entropy).await?;
        Ok(outgoing)
    }

    /// The commit was not confirmed: read what became of it, on another connection.
    async fn resolve(&self, key: &IdempotencyKey, keys: &KeyAccess, cause: sqlx::Error) -> Result<Outgoing, ApiError> {
        tracing::warn!(%cause, "the reply to COMMIT was lost; reading what became of it");
        let unknown = || {
            let message = "The connection to the database broke while the request was being committed. Send it again \
                           with the same Idempotency-Key to learn whether it took effect.";
            ApiError::unavailable("outcome_unknown", message)
        };
        let tx = self.begin().await.map_err(|_| unknown())?;
        match idempotency::resolve(&tx, key).await {
            Ok(Some(answer)) => opened(answer, key, keys, false),
            Ok(None) => {
                Err(ApiError::unavailable("database_unavailable", "Nothing was changed. Send the request again."))
            }
            Err(error) => Err(unknown().caused_by(error)),
        }
    }

    /// Method, path, parameters, and who asks: a person must not hear another's answer.
    pub(super) fn fingerprint(&self, canonical: &str) -> Fingerprint {
        let actor = self.scope.actor();
        let person = match actor.as_ref() {
            // Keys of one environment stand for the merchant: a retry may come with the new key after a rotation.
            Actor::ApiKey { .. } | Actor::System { .. } => String::new(),
            Actor::Member { subject, .. } | Actor::EndUser { subject, .. } => {
                format!("{:?}{:?}", subject.issuer, subject.subject)
            }
        };
        let parts = [self.method.as_str(), &self.path, canonical, actor.kind(), &person];
        Fingerprint::of(&parts.map(str::as_bytes))
    }
}

/// What is stored of an answer. A success on a route that works with sealed fields may repeat them, so it is
/// sealed too; an error never repeats what a client sent.
fn stored(outgoing: &Outgoing, key: &IdempotencyKey, keys: &KeyAccess) -> Result<Answer, ApiError> {
    let success = outgoing.status == StatusCode::OK.as_u16();
    let body = match keys.at_hand() {
        Some(keys) if success => AnswerBody::Sealed(keys.seal(&outgoing.body, &key.place())?),
        _ => AnswerBody::Plain(outgoing.body.clone()),
    };
    Ok(Answer { status: outgoing.status, body })
}

/// A stored answer as it was sent.
pub(super) fn opened(
    answer: Answer,
    key: &IdempotencyKey,
    keys: &KeyAccess,
    replayed: bool,
) -> Result<Outgoing, ApiError> {
    let body = match answer.body {
        AnswerBody::Plain(body) => body,
        AnswerBody::Sealed(body) => keys.get()?.open(&body, &key.place())?,
    };
    Ok(Outgoing { status: answer.status, body, replayed })
}

pub(super) fn respond(outgoing: Outgoing, echo: Option<&IdempotencyKey>) -> Response {
    let status = StatusCode::from_u16(outgoing.status).unwrap_or(StatusCode::OK);
    let mut response = (status, outgoing.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if outgoing.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if let Some(value) = echo.and_then(|key| HeaderValue::from_str(key.as_str()).ok()) {
        headers.insert(KEY_ECHO, value);
    }
    response
}

pub(super) fn key_of_another_request() -> ApiError {
    let message = "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                   Use another Idempotency-Key for another request.";
    ApiError::new(StatusCode::BAD_REQUEST, ErrorType::IdempotencyError, None, message).never_retry()
}

pub(super) fn key_in_use() -> ApiError {
    ApiError::conflict("idempotency_key_in_use", "Another request with this Idempotency-Key is in progress.")
        .retry_after(1)
}
