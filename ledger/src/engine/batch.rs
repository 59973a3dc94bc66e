//! One batch that locks and reads first, from what waits to what is answered.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tenancy::{
    Environment,
    lane::{LaneError, LaneTx, Query},
};
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_postgres::Row;

use super::{
    Desk, EngineError, Inner, Question,
    memory::Memory,
    queue::{Waiting, answer_each},
};
use crate::{
    posting::{
        columns::Columns,
        needs::Needs,
        rows::{self, RowError},
        sql,
    },
    rules::Book,
};

/// How long what became of a lost `COMMIT` is asked for before the callers are told that it is unknown.
const RESOLVE_FOR: Duration = Duration::from_secs(20);
/// Between two questions.
const RESOLVE_EVERY: Duration = Duration::from_millis(100);
/// Tries of a batch that lost a race.
const RACES_MAX: u32 = 5;
/// A unique key is taken.
const UNIQUE_VIOLATION: &str = "23505";
/// [`sql::WRITE`] made or lost money.
const UNBALANCED: &str = "TS001";
/// An account was no longer what the batch was decided on.
const STALE: &str = "TS002";
/// Under these the same batch may succeed a moment later: deadlock, lock and statement time-out, serialization.
const RACES: [&str; 4] = ["40P01", "55P03", "57014", "40001"];
/// The server has no room or time for anybody.
const BUSY: [&str; 2] = ["53300", "53400"];

/// What is known of a batch before it is tried.
#[derive(Debug)]
pub(super) struct Start {
    asked: Question,
    /// Since when it is unknown what became of it.
    lost: Option<(Instant, Arc<LaneError>)>,
    failure: Option<Failure>,
}

/// How a batch failed that was decided on what was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Stale,
    Unbalanced,
}

impl Default for Start {
    fn default() -> Self {
        Self { asked: Question::First, lost: None, failure: None }
    }
}

impl Start {
    /// After a batch was sent and failed with this.
    pub(super) fn after(error: LaneError) -> Self {
        let state = error.sqlstate().unwrap_or_default();
        match (&error, state) {
            (LaneError::Unknown(_), _) => {
                Self { asked: Question::Again, lost: Some((Instant::now(), Arc::new(error))), failure: None }
            }
            (_, UNIQUE_VIOLATION) => Self { asked: Question::Again, ..Self::default() },
            (_, STALE) => Self { failure: Some(Failure::Stale), ..Self::default() },
            (_, UNBALANCED) => Self { failure: Some(Failure::Unbalanced), ..Self::default() },
            _ => Self::default(),
        }
    }

    /// Whether an account had changed since it was last seen.
    pub(super) fn met_another_writer(&self) -> bool {
        self.failure == Some(Failure::Stale)
    }
}

/// Runs a batch to its end: every caller has his answer when it returns.
pub(super) async fn run<D: Desk>(
    engine: &Inner<D>,
    environment: &Arc<Environment>,
    memory: &mut Memory,
    waiting: Vec<Waiting<D>>,
    start: Start,
) {
    let orders: Vec<&D::Order> = waiting.iter().map(|one| &one.order).collect();
    match decide_and_write(engine, environment, memory, &orders, start).await {
        Ok(answers) => answer_each(waiting, answers),
        Err(EngineError::Failed(_) | EngineError::Damaged(_)) if waiting.len() > 1 => {
            // One of them is to blame; the others shall not suffer for it.
            for one in waiting {
                let answers = decide_and_write(engine, environment, memory, &[&one.order], Start::default()).await;
                one.answer(answers.and_then(first));
            }
        }
        Err(error) => {
            for one in waiting {
                one.answer(Err(error.clone()));
            }
        }
    }
}

fn first<A>(answers: Vec<A>) -> Result<A, EngineError> {
    answers.into_iter().next().ok_or(EngineError::Aborted)
}

/// Tries until it is known what became of the orders.
async fn decide_and_write<D: Desk>(
    engine: &Inner<D>,
    environment: &Arc<Environment>,
    memory: &mut Memory,
    orders: &[&D::Order],
    start: Start,
) -> Result<Vec<D::Answer>, EngineError> {
    let Start { mut asked, mut lost, failure } = start;
    if failure == Some(Failure::Unbalanced) {
        return Err(poison(engine, environment));
    }
    let mut races = 0_u32;
    loop {
        let error = match attempt(engine, environment, memory, orders, asked).await {
            Ok(answers) => return Ok(answers),
            Err(Trouble::Damaged(what)) => return Err(EngineError::Damaged(what)),
            Err(Trouble::Doubt) => {
                asked = Question::Again;
                continue;
            }
            Err(Trouble::Lane(error)) => error,
        };
        let state = error.sqlstate().unwrap_or_default().to_owned();
        match error {
            LaneError::Unknown(cause) => {
                tracing::warn!(%cause, environment = %environment.id, "the reply to COMMIT was lost; reading what became of it");
                asked = Question::Again;
                lost.get_or_insert_with(|| (Instant::now(), Arc::new(LaneError::Unknown(cause))));
            }
            LaneError::Refused(_) if state == UNBALANCED || state == STALE => {
                return Err(poison(engine, environment));
            }
            LaneError::Refused(_) if state == UNIQUE_VIOLATION && races < RACES_MAX => {
                asked = Question::Again;
                races = races.saturating_add(1);
            }
            LaneError::Refused(_) if RACES.contains(&state.as_str()) && races < RACES_MAX => {
                races = races.saturating_add(1);
            }
            other => {
                let busy = matches!(other, LaneError::Unavailable(_))
                    || RACES.contains(&state.as_str())
                    || BUSY.contains(&state.as_str());
                match &lost {
                    None if busy => return Err(EngineError::Unavailable(Arc::new(other))),
                    None => return Err(EngineError::Failed(Arc::new(other))),
                    Some(_) => {}
                }
            }
        }
        if let Some((since, cause)) = &lost {
            if since.elapsed() > RESOLVE_FOR {
                return Err(EngineError::Unknown(Arc::clone(cause)));
            }
            sleep(RESOLVE_EVERY).await;
        }
    }
}

/// What locked its accounts and yet found others, or what made money, must not go on.
fn poison<D: Desk>(engine: &Inner<D>, environment: &Environment) -> EngineError {
    tracing::error!(environment = %environment.id, "a batch did not write what it should have; posting stops");
    engine.queues.poison(environment.id);
    EngineError::Poisoned
}

enum Trouble {
    Lane(LaneError),
    Doubt,
    Damaged(String),
}

impl From<LaneError> for Trouble {
    fn from(error: LaneError) -> Self {
        Self::Lane(error)
    }
}

impl From<RowError> for Trouble {
    fn from(error: RowError) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// One transaction. After a lost `COMMIT` the locks of this one wait until the lost one has ended, so that what is
/// read after them tells what became of it.
async fn attempt<D: Desk>(
    engine: &Inner<D>,
    environment: &Arc<Environment>,
    memory: &mut Memory,
    orders: &[&D::Order],
    asked: Question,
) -> Result<Vec<D::Answer>, Trouble> {
    let now = truncated(engine.clock.now());
    let (questioned, questions) = engine.desk.questions(environment, orders, asked);
    let (tx, mut book, answers) = open_book(engine, environment, orders, (asked, now), questions).await?;
    let decided = engine.desk.decide(environment, orders, (questioned, &answers), asked, &mut book);
    let decided = match decided {
        Ok(decided) => decided,
        Err(what) => {
            tx.rollback().await;
            return Err(Trouble::Damaged(what));
        }
    };
    if decided.is_doubtful && asked == Question::First {
        tx.rollback().await;
        return Err(Trouble::Doubt);
    }
    let changes = book.take_changes();
    let mut writes = Columns::of(&changes).queries(now);
    writes.extend(decided.writes);
    tx.commit(&writes).await?;
    memory.wrote_locked(changes.accounts.iter().map(|change| change.after));
    Ok(decided.answers)
}

/// Locks and reads what the orders are about.
async fn open_book<D: Desk>(
    engine: &Inner<D>,
    environment: &Arc<Environment>,
    orders: &[&D::Order],
    (asked, now): (Question, OffsetDateTime),
    questions: Vec<Query>,
) -> Result<(LaneTx, Book, Vec<Vec<Row>>), Trouble> {
    let again = asked == Question::Again;
    let mut needs = Needs::default();
    for order in orders {
        engine.desk.needs(order, &mut needs);
    }
    let indirect = if needs.is_indirect() { by_id(&needs, false) } else { Vec::new() };
    let mut begun = None;
    if !indirect.is_empty() {
        let (tx, answers) = LaneTx::begin(&engine.lanes, Arc::clone(environment), &indirect).await?;
        let (holds, transfers) = found(&needs, false, &answers)?;
        needs.add_found(&holds, &transfers);
        begun = Some(tx);
    }
    let mut queries = vec![Query { sql: sql::LOCK_ACCOUNTS, params: vec![Box::new(needs.account_ids())] }];
    queries.extend(by_id(&needs, again));
    let own = queries.len();
    queries.extend(questions);
    let (tx, mut answers) = match begun {
        None => LaneTx::begin(&engine.lanes, Arc::clone(environment), &queries).await?,
        Some(tx) => tx.ask(&queries).await?,
    };
    let rest = answers.split_off(own);
    let (locked, read) = answers.split_first().ok_or_else(|| Trouble::Damaged("no answer".to_owned()))?;
    let accounts = locked.iter().map(rows::account).collect::<Result<Vec<_>, _>>()?;
    let (holds, transfers) = found(&needs, again, read)?;
    Ok((tx, Book::new(accounts, now).with_holds(holds).with_transfers(transfers), rest))
}

/// The questions for holds and transfers by id, where there are any.
fn by_id(needs: &Needs, made_before: bool) -> Vec<Query> {
    let queries = [(sql::HOLDS, needs.hold_ids(made_before)), (sql::TRANSFERS, needs.transfer_ids(made_before))];
    let asked = queries.into_iter().filter(|(_, ids)| !ids.is_empty());
    asked.map(|(sql, ids)| Query { sql, params: vec![Box::new(ids)] }).collect()
}

type Found = (Vec<crate::rules::Hold>, Vec<crate::rules::Transfer>);

/// The answers to [`by_id`].
fn found(needs: &Needs, made_before: bool, answers: &[Vec<Row>]) -> Result<Found, RowError> {
    let mut answers = answers.iter();
    let holds = if needs.hold_ids(made_before).is_empty() { None } else { answers.next() };
    let transfers = if needs.transfer_ids(made_before).is_empty() { None } else { answers.next() };
    let holds = holds.into_iter().flatten().map(rows::hold).collect::<Result<_, _>>()?;
    let transfers = transfers.into_iter().flatten().map(rows::transfer).collect::<Result<_, _>>()?;
    Ok((holds, transfers))
}

/// As rows keep it.
pub(super) fn truncated(now: OffsetDateTime) -> OffsetDateTime {
    now.replace_microsecond(now.microsecond()).unwrap_or(now)
}
