//! The plain desk: an order is a posting and the event that tells of it.

use kernel::EventId;
use tenancy::{Environment, lane::Query};
use tokio_postgres::Row;

use super::{Decided, Desk, Question};
use crate::{
    event::{EventColumns, EventDraft},
    posting::needs::Needs,
    rules::{Book, Operation, Posted, Rejection},
};

/// Linked operations that take effect together, and what is told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostingOrder {
    /// In order.
    pub operations: Vec<Operation>,
    /// The event, and its identifier.
    pub event: (EventId, EventDraft),
}

/// Posts what it is given. An order is known again by the ids of its transfers and holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postings;

impl Desk for Postings {
    type Order = PostingOrder;
    type Answer = Result<Posted, Rejection>;

    fn needs(&self, order: &PostingOrder, needs: &mut Needs) {
        needs.add(&order.operations);
    }

    fn questions(&self, _: &[&PostingOrder], _: Question) -> Vec<Query> {
        Vec::new()
    }

    fn decide(
        &self,
        _: &Environment,
        orders: &[&PostingOrder],
        _: &[Vec<Row>],
        asked: Question,
        book: &mut Book,
    ) -> Result<Decided<Self::Answer>, String> {
        let mut events = EventColumns::default();
        let mut answers = Vec::with_capacity(orders.len());
        for order in orders {
            let answer = book.post(&order.operations);
            // What was posted before has been told of.
            if answer.as_ref().is_ok_and(|posted| !posted.repeated) {
                events.push(order.event.0, order.event.1);
            }
            answers.push(answer);
        }
        // What was posted before may by now look as if it could not be.
        let is_doubtful = asked == Question::First && answers.iter().any(Result::is_err);
        Ok(Decided { answers, writes: events.queries(book.now()), is_doubtful })
    }
}
