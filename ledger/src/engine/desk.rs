//! What an engine posts: orders come in, postings and rows beside the ledger come out.

use tenancy::{Environment, lane::Query};
use tokio_postgres::Row;

use crate::{posting::needs::Needs, rules::Book};

/// How the orders of a batch are asked about, decided and written down.
///
/// Everything here is decided in memory. An order may come a second time: after a unique key turned out to be
/// taken, and after the reply to a `COMMIT` was lost.
pub trait Desk: Send + Sync + Sized + std::fmt::Debug + 'static {
    /// What is asked for.
    type Order: Send + Sync + std::fmt::Debug + 'static;
    /// What is answered.
    type Answer: Send + std::fmt::Debug + 'static;

    /// What was asked about a batch, for who reads the answers.
    type Asked: Send;

    /// What the ledger has to read for an order.
    fn needs(&self, order: &Self::Order, needs: &mut Needs);

    /// What else has to be read, with the same snapshot as the accounts' locks or a later one: nothing, where all that
    /// matters is known for good.
    fn questions(
        &self,
        environment: &Environment,
        orders: &[&Self::Order],
        asked: Question,
    ) -> (Self::Asked, Vec<Query>);

    /// Decides the orders one after the other, posting to the book. The rows are the answers to the questions.
    fn decide(
        &self,
        environment: &Environment,
        orders: &[&Self::Order],
        asked: (Self::Asked, &[Vec<Row>]),
        question: Question,
        book: &mut Book,
    ) -> Result<Decided<Self::Answer>, String>;
}

/// How often an order has been tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// For the first time: most likely nothing of it is there.
    First,
    /// Again: it may have been carried out, here or by somebody else.
    Again,
}

/// What a batch comes to.
#[derive(Debug)]
pub struct Decided<A> {
    /// One for each order.
    pub answers: Vec<A>,
    /// What is written beside the ledger.
    pub writes: Vec<Query>,
    /// Whether an order was refused. A refusal writes no account that would tell whether what was remembered of it still
    /// holds.
    pub refuses: bool,
    /// Whether an answer would be another if its order had been carried out before, and no unique key would tell: then
    /// nothing is written and the orders are asked about again.
    pub is_doubtful: bool,
}
