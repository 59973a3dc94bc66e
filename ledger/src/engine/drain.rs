//! The task that empties one environment's queue.

use std::{collections::VecDeque, sync::Arc};

use kernel::LedgerAccountId;
use tenancy::{
    Environment,
    lane::{LaneError, Outcome, Pipe, Query},
};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    Decided, Desk, Inner, Question,
    batch::{self, Start},
    memory::{Memories, Memory},
    queue::{Waiting, answer_each},
};
use crate::{
    posting::{columns::Columns, needs::Needs, rows, sql},
    rules::AccountState,
};

/// Batches that are on their way at once: one that the server works on, and one that it finds when it is done.
const UNDER_WAY_MAX: usize = 2;

/// What every lane of an engine needs.
const STATEMENTS: [&str; 3] = [sql::ACCOUNTS, sql::WRITE, sql::WRITE_MARKS];

/// A batch that was sent and not yet heard of.
struct UnderWay<D: Desk> {
    waiting: Vec<Waiting<D>>,
    answers: Vec<D::Answer>,
    outcome: Outcome,
}

/// Empties the queue of one environment.
pub(super) struct Drain<D: Desk> {
    engine: Arc<Inner<D>>,
    environment: Arc<Environment>,
    memory: Memory,
    pipe: Option<Pipe>,
    under_way: VecDeque<UnderWay<D>>,
}

impl<D: Desk> Drain<D> {
    pub(super) fn new(engine: Arc<Inner<D>>, environment: Arc<Environment>) -> Self {
        let memory = engine.memories.take(environment.id);
        Self { engine, environment, memory, pipe: None, under_way: VecDeque::new() }
    }

    /// Ends when nothing waits and nothing is under way. `many` tells that enough wait to be sent ahead.
    pub(super) async fn run(mut self, many: Arc<Notify>) {
        loop {
            self.send_what_waits().await;
            let may_send_ahead = self.under_way.len() < UNDER_WAY_MAX;
            if let Some(first) = self.under_way.front_mut() {
                tokio::select! {
                    outcome = &mut first.outcome => self.heard_of_first(outcome).await,
                    () = many.notified(), if may_send_ahead => {}
                }
            } else if self.rest() {
                return;
            }
        }
    }

    async fn send_what_waits(&mut self) {
        while self.under_way.len() < UNDER_WAY_MAX && self.has_a_lane().await {
            let is_ahead = !self.under_way.is_empty();
            let (environment, batch_max) = (self.environment.id, self.engine.batch_max);
            let Some(waiting) = self.engine.queues.take(environment, batch_max, is_ahead) else { break };
            let Err(waiting) = self.send(waiting) else { continue };
            let waiting = if self.learn_accounts(&waiting).await { self.send(waiting).err() } else { Some(waiting) };
            if let Some(waiting) = waiting {
                self.hear_of_all().await;
                self.close_pipe();
                batch::run(&self.engine, &self.environment, &mut self.memory, waiting, Start::default()).await;
            }
        }
    }

    /// Reads the accounts of plain transfers that were never seen. Nothing under way is about them. Whether there were
    /// any.
    async fn learn_accounts(&mut self, waiting: &[Waiting<D>]) -> bool {
        let needs = self.needs(waiting.iter().map(|one| &one.order));
        if !self.memory.is_relied_on() || !needs.is_plain() {
            return false;
        }
        let unknown = |id: &Uuid| self.memory.book.account(LedgerAccountId::from_uuid(*id)).is_none();
        let unknown: Vec<Uuid> = needs.account_ids().into_iter().filter(unknown).collect();
        if unknown.is_empty() {
            return false;
        }
        let query = Query { sql: sql::ACCOUNTS, params: vec![Box::new(unknown)] };
        let Some(answers) = self.pipe.as_ref().and_then(|pipe| pipe.ask(query)) else { return false };
        self.hear_of_all().await;
        let rows = answers.await.unwrap_or_default();
        let accounts: Vec<AccountState> = rows.iter().filter_map(|row| rows::account(row).ok()).collect();
        self.memory.learn(accounts);
        true
    }

    /// Waits for a lane, unless there is one. One that others wait for is not kept longer than what is under way.
    async fn has_a_lane(&mut self) -> bool {
        if self.pipe.as_ref().is_some_and(Pipe::is_wanted) {
            if !self.under_way.is_empty() {
                return false;
            }
            self.close_pipe();
        }
        if self.pipe.is_none() && self.memory.is_relied_on() {
            self.pipe = Pipe::open(&self.engine.lanes, &self.environment, &STATEMENTS).await.ok();
        }
        true
    }

    /// Sends a batch that can be decided on what is remembered; all others come back.
    fn send(&mut self, waiting: Vec<Waiting<D>>) -> Result<(), Vec<Waiting<D>>> {
        let orders: Vec<&D::Order> = waiting.iter().map(|one| &one.order).collect();
        match self.send_orders(&orders) {
            Some((answers, outcome)) => {
                self.under_way.push_back(UnderWay { waiting, answers, outcome });
                Ok(())
            }
            None => Err(waiting),
        }
    }

    fn send_orders(&mut self, orders: &[&D::Order]) -> Option<(Vec<D::Answer>, Outcome)> {
        let pipe = self.pipe.as_ref()?;
        if !self.memory.is_relied_on() || !self.remembers_accounts(orders) {
            return None;
        }
        let (asked, questions) = self.engine.desk.questions(&self.environment, orders, Question::First);
        if !questions.is_empty() {
            return None;
        }
        let now = batch::truncated(self.engine.clock.now());
        let book = &mut self.memory.book;
        book.set_now(now);
        let decided = self.engine.desk.decide(&self.environment, orders, (asked, &[]), Question::First, book);
        let Ok(Decided { answers, writes: beside, refuses: false, is_doubtful: false }) = decided else {
            book.undo();
            return None;
        };
        let mut writes = Columns::of(&book.take_changes()).queries(now);
        writes.extend(beside);
        let outcome = pipe.send(writes);
        if outcome.is_none() {
            // It remembers what will not be written.
            book.forget();
        }
        Some((answers, outcome?))
    }

    fn remembers_accounts(&self, orders: &[&D::Order]) -> bool {
        let needs = self.needs(orders.iter().copied());
        needs.is_plain() && needs.accounts.iter().all(|account| self.memory.book.account(*account).is_some())
    }

    fn needs<'a>(&self, orders: impl Iterator<Item = &'a D::Order>) -> Needs {
        let mut needs = Needs::default();
        orders.for_each(|order| self.engine.desk.needs(order, &mut needs));
        needs
    }

    async fn heard_of_first(&mut self, outcome: Result<(), LaneError>) {
        let Some(UnderWay { waiting, answers, .. }) = self.under_way.pop_front() else { return };
        match outcome {
            Ok(()) => answer_each(waiting, answers),
            Err(error) => self.recover(waiting, error).await,
        }
    }

    async fn hear_of_all(&mut self) {
        while let Some(first) = self.under_way.front_mut() {
            let outcome = (&mut first.outcome).await;
            self.heard_of_first(outcome).await;
        }
    }

    /// What was sent after a batch that failed was decided as if it had not, so it fails as well where it is about the
    /// same accounts: all of that is decided again on what the database says.
    async fn recover(&mut self, waiting: Vec<Waiting<D>>, error: LaneError) {
        let mut failed = vec![(waiting, Start::after(error))];
        while let Some(UnderWay { waiting, answers, outcome }) = self.under_way.pop_front() {
            match outcome.await {
                Ok(()) => answer_each(waiting, answers),
                Err(error) => failed.push((waiting, Start::after(error))),
            }
        }
        self.close_pipe();
        self.memory.book.forget();
        if failed.first().is_some_and(|(_, start)| start.met_another_writer()) {
            self.memory.met_another_writer();
        }
        for (waiting, start) in failed {
            batch::run(&self.engine, &self.environment, &mut self.memory, waiting, start).await;
        }
    }

    fn close_pipe(&mut self) {
        if let Some(pipe) = self.pipe.take() {
            pipe.close();
        }
    }

    /// Leaves the memory to whoever drains next; whether there is nothing more to do.
    fn rest(&mut self) -> bool {
        self.close_pipe();
        let (memories, environment): (&Memories, _) = (&self.engine.memories, self.environment.id);
        memories.put(environment, std::mem::take(&mut self.memory));
        if self.engine.queues.end(environment) {
            return true;
        }
        self.memory = memories.take(environment);
        false
    }
}
