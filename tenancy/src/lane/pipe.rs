//! Transactions sent one behind the other on one lane.

use std::sync::Arc;

use futures::{
    FutureExt as _,
    future::{BoxFuture, join3},
};
use tokio_postgres::Row;

use super::{Lane, LaneError, Lanes, Query, begin_text, connect::Place};
use crate::Environment;

/// What becomes of a transaction that was sent.
pub type Outcome = BoxFuture<'static, Result<(), LaneError>>;

/// The answer to a question that was sent.
pub type Answers = BoxFuture<'static, Result<Vec<Row>, LaneError>>;

/// A lane that an environment keeps while it has transactions under way. The server carries them out in the order in
/// which they were sent, each by itself: that one fails says nothing of the next.
#[derive(Debug)]
pub struct Pipe {
    lane: Arc<Lane>,
    lanes: Lanes,
    environment: Arc<Environment>,
    begin: String,
    place: Place,
}

impl Pipe {
    /// Waits for a lane, if possible one that knows the environment's statements, and readies these on it.
    pub async fn open(
        lanes: &Lanes,
        environment: &Arc<Environment>,
        statements: &[&'static str],
    ) -> Result<Self, LaneError> {
        let (place, mut lane) = lanes.take(environment.id).await?;
        let begin = begin_text(&environment.schema);
        if !lane.knows_all(environment.id, statements.iter().copied()) {
            lane.client.batch_execute(&begin).await.map_err(LaneError::before_commit)?;
            lane.prepare(environment, statements).await.map_err(LaneError::before_commit)?;
            lane.client.batch_execute("COMMIT").await.map_err(LaneError::before_commit)?;
        }
        Ok(Self { lane: Arc::new(lane), lanes: lanes.clone(), environment: Arc::clone(environment), begin, place })
    }

    /// Sends a transaction of these statements, all at once and before this returns; what became of it is heard from
    /// the outcome. `None`, with nothing sent, where the lane has not all of the statements.
    pub fn send(&self, queries: Vec<Query>) -> Option<Outcome> {
        let outcome = self.transaction(queries)?;
        Some(at_once(async move { outcome.await.map(drop) }.boxed()))
    }

    /// Sends a question in the same way. It is answered after everything that was sent before.
    pub fn ask(&self, query: Query) -> Option<Answers> {
        let outcome = self.transaction(vec![query])?;
        Some(at_once(async move { outcome.await.map(|answers| answers.into_iter().flatten().collect()) }.boxed()))
    }

    fn transaction(&self, queries: Vec<Query>) -> Option<BoxFuture<'static, Result<Vec<Vec<Row>>, LaneError>>> {
        if !self.lane.knows(self.environment.id, &queries) {
            return None;
        }
        let (lane, environment, begin) = (Arc::clone(&self.lane), self.environment.id, self.begin.clone());
        let transaction = async move {
            // Postgres carries out nothing after a statement that failed, so the commit that is already on its way
            // commits all of it or nothing.
            let (opened, answers, committed) = join3(
                lane.client.batch_execute(&begin),
                lane.run(environment, &queries),
                lane.client.batch_execute("COMMIT"),
            )
            .await;
            opened.map_err(LaneError::at_commit)?;
            let answers = answers.into_iter().collect::<Result<Vec<_>, _>>().map_err(LaneError::at_commit)?;
            committed.map_err(LaneError::at_commit)?;
            Ok(answers)
        };
        Some(transaction.boxed())
    }

    /// Whether somebody else waits for a lane.
    pub fn is_wanted(&self) -> bool {
        self.lanes.are_wanted()
    }

    /// Gives the lane back. Every outcome has to have been heard before.
    pub fn close(self) {
        let Self { lane, lanes, place, .. } = self;
        if let Some(lane) = Arc::into_inner(lane) {
            lanes.give_back(lane);
        }
        drop(place);
    }
}

/// The first look at a future of the driver is what sends.
fn at_once<T: Send + 'static>(mut future: BoxFuture<'static, T>) -> BoxFuture<'static, T> {
    match (&mut future).now_or_never() {
        Some(result) => async move { result }.boxed(),
        None => future,
    }
}
