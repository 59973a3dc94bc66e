//! The plain desk: an order is a posting and the event that tells of it.

use std::sync::Arc;

use kernel::{Clock, Entropy};
use tenancy::{Environment, lane::Query};
use tokio_postgres::Row;

use super::{Decided, Desk, Question};
use crate::{
    event::{EventDraft, Events},
    posting::needs::Needs,
    rules::{Book, Operation, Posted, Rejection},
};

/// Linked operations that take effect together, and what is told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostingOrder {
    /// In order.
    pub operations: Vec<Operation>,
    /// What is told of it.
    pub event: EventDraft,
}

/// Posts what it is given. An order is known again by the ids of its transfers and holds.
#[derive(Clone, Debug)]
pub struct Postings {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Postings {
    /// A desk with this time and chance.
    pub const fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }
}

impl Desk for Postings {
    type Order = PostingOrder;
    type Answer = Result<Posted, Rejection>;
    type Asked = ();

    fn needs(&self, order: &PostingOrder, needs: &mut Needs) {
        needs.add(&order.operations);
    }

    fn questions(&self, _: &Environment, _: &[&PostingOrder], _: Question) -> ((), Vec<Query>) {
        ((), Vec::new())
    }

    fn decide(
        &self,
        _: &Environment,
        orders: &[&PostingOrder],
        _: ((), &[Vec<Row>]),
        asked: Question,
        book: &mut Book,
    ) -> Result<Decided<Self::Answer>, String> {
        let mut events = Events::default();
        let mut answers = Vec::with_capacity(orders.len());
        for order in orders {
            let answer = book.post(&order.operations);
            // What was posted before has been told of.
            if answer.as_ref().is_ok_and(|posted| !posted.repeated) {
                events.push(order.event);
            }
            answers.push(answer);
        }
        let refuses = answers.iter().any(Result::is_err);
        // What was posted before may by now look as if it could not be.
        let is_doubtful = asked == Question::First && refuses;
        let writes = events.queries(self.clock.as_ref(), self.entropy.as_ref(), book.now());
        Ok(Decided { answers, writes, refuses, is_doubtful })
    }
}
