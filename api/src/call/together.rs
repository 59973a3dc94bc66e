//! Reading together: what is asked at the same time is answered in one transaction.
//!
//! While a transaction is under way in an environment, further questions wait and are the next one's. It begins
//! after the last of them was asked, so nobody sees less than he would alone. A transaction costs the same for one
//! question and for many; a lone question waits for nobody.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::BoxFuture;
use kernel::EnvironmentId;
use payments::Failure;
use tenancy::{Environment, TenantTx, UnitError, UnitsOfWork};
use tokio::sync::oneshot;

use super::Caller;
use crate::ApiError;

/// Most questions of one transaction.
const QUESTIONS_MAX: usize = 500;

/// Answers questions, one answer each, in their order.
type Read<Q, A> = for<'r> fn(&'r TenantTx, &'r [Q]) -> BoxFuture<'r, Result<Vec<A>, Failure>>;

/// Questions of one kind. Clones share what waits.
pub struct Together<Q, A>(Arc<Inner<Q, A>>);

struct Inner<Q, A> {
    units: UnitsOfWork,
    read: Read<Q, A>,
    /// An environment is in here exactly while somebody reads for it.
    waiting: Mutex<HashMap<EnvironmentId, Vec<Waiting<Q, A>>>>,
}

struct Waiting<Q, A> {
    question: Q,
    reply: oneshot::Sender<Result<A, ApiError>>,
}

impl<Q, A> Clone for Together<Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q, A> fmt::Debug for Together<Q, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Together").finish_non_exhaustive()
    }
}

impl Caller {
    /// Asks in the caller's environment, together with whoever asks at the same time.
    pub(crate) async fn ask<Q, A>(&self, questions: &Together<Q, A>, question: Q) -> Result<A, ApiError>
    where
        Q: Send + Sync + 'static,
        A: Send + 'static,
    {
        questions.ask(self.scope.environment(), question).await
    }
}

impl<Q: Send + Sync + 'static, A: Send + 'static> Together<Q, A> {
    /// Nothing waits yet.
    pub fn new(units: UnitsOfWork, read: Read<Q, A>) -> Self {
        Self(Arc::new(Inner { units, read, waiting: Mutex::default() }))
    }

    async fn ask(&self, environment: &Arc<Environment>, question: Q) -> Result<A, ApiError> {
        let (reply, answer) = oneshot::channel();
        if self.0.enter(environment.id, Waiting { question, reply }) {
            // Outside the span of the request that happens to be the first.
            tokio::spawn(Arc::clone(&self.0).drain(Arc::clone(environment)));
        }
        answer.await.unwrap_or_else(|_| Err(ApiError::internal()))
    }
}

impl<Q: Send + Sync + 'static, A: Send + 'static> Inner<Q, A> {
    /// Whether nobody reads for the environment, so that the caller has to see to it.
    fn enter(&self, environment: EnvironmentId, waiting: Waiting<Q, A>) -> bool {
        match self.waiting.lock().unwrap_or_else(PoisonError::into_inner).entry(environment) {
            Entry::Occupied(mut others) => {
                others.get_mut().push(waiting);
                false
            }
            Entry::Vacant(place) => {
                place.insert(vec![waiting]);
                true
            }
        }
    }

    /// What waits, oldest first; `None` ends the reading.
    fn next(&self, environment: EnvironmentId) -> Option<Vec<Waiting<Q, A>>> {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = all.get_mut(&environment)?;
        if waiting.is_empty() {
            all.remove(&environment);
            return None;
        }
        let count = waiting.len().min(QUESTIONS_MAX);
        Some(waiting.drain(..count).collect())
    }

    async fn drain(self: Arc<Self>, environment: Arc<Environment>) {
        while let Some(waiting) = self.next(environment.id) {
            let (questions, replies): (Vec<_>, Vec<_>) =
                waiting.into_iter().map(|waiting| (waiting.question, waiting.reply)).unzip();
            let outcome = self.answer(&environment, questions).await;
            let answers: Vec<_> = match outcome {
                Ok(answers) => answers.into_iter().map(Ok).collect(),
                Err(error) => replies.iter().map(|_| Err(error.clone())).collect(),
            };
            for (reply, answer) in replies.into_iter().zip(answers) {
                // Whoever hung up does not hear it.
                let _unheard = reply.send(answer);
            }
        }
    }

    async fn answer(&self, environment: &Arc<Environment>, questions: Vec<Q>) -> Result<Vec<A>, ApiError> {
        let read = self.read;
        let unit = move |tx: TenantTx| async move {
            let answers = read(&tx, &questions).await?;
            Ok::<_, ApiError>(tx.commit(answers).await.map_err(UnitError::from)?)
        };
        self.units.run(Arc::clone(environment), unit).await
    }
}
