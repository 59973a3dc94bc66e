//! Transactions sent one behind the other on one lane.

use std::sync::Arc;

use futures::{
    FutureExt as _,
    future::{BoxFuture, join3},
};

use super::{Lane, LaneError, Lanes, Query, begin_text, connect::Place};
use crate::Environment;

/// What becomes of a transaction that was sent.
pub type Outcome = BoxFuture<'static, Result<(), LaneError>>;

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
    /// Waits for a lane, if possible one that knows the environment's statements.
    pub async fn open(lanes: &Lanes, environment: &Arc<Environment>) -> Result<Self, LaneError> {
        let (place, lane) = lanes.take(environment.id).await?;
        let begin = begin_text(&environment.schema);
        Ok(Self { lane: Arc::new(lane), lanes: lanes.clone(), environment: Arc::clone(environment), begin, place })
    }

    /// Sends a transaction of these statements, all at once and before this returns; what became of it is heard from
    /// the outcome. `None`, with nothing sent, where the lane has not all of the statements.
    pub fn send(&self, queries: Vec<Query>) -> Option<Outcome> {
        if !self.lane.knows(self.environment.id, &queries) {
            return None;
        }
        let (lane, environment, begin) = (Arc::clone(&self.lane), self.environment.id, self.begin.clone());
        let mut outcome = async move {
            // Postgres carries out nothing after a statement that failed, so the commit that is already on its way
            // commits all of it or nothing.
            let (begun, written, committed) = join3(
                lane.client.batch_execute(&begin),
                lane.run(environment, &queries),
                lane.client.batch_execute("COMMIT"),
            )
            .await;
            let refused = begun.err().or_else(|| written.into_iter().find_map(Result::err));
            refused.map_or(committed, Err).map_err(LaneError::at_commit)
        }
        .boxed();
        // The first look at the future is what sends.
        match (&mut outcome).now_or_never() {
            Some(result) => Some(async move { result }.boxed()),
            None => Some(outcome),
        }
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
