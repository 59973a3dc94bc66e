//! Lanes: connections of the posting engine, on which the statements of a transaction travel together.
//!
//! A [`LaneTx`] takes on an environment's role as a [`TenantTx`](crate::TenantTx) does. Its statements name the
//! environment's schema themselves, so that a lane, which serves many environments, plans each once. What differs is
//! the wire: everything up to the first decision is one round trip, everything after it, `COMMIT` included, another;
//! and where everything is decided beforehand, a [`Pipe`] sends transactions one behind the other, without waiting.

mod connect;
mod error;
mod pipe;

use std::{collections::HashMap, sync::Arc};

use futures::future::{join, join_all};
use kernel::EnvironmentId;
use tokio_postgres::{Client, Row, Statement, types::ToSql};

pub use connect::{Lanes, LanesConfig};
pub use error::LaneError;
pub use pipe::{Answers, Outcome, Pipe};

use crate::{Environment, SchemaName};

/// Environments whose statements one connection keeps prepared; a backend remembers each (about 200 KiB).
const ENVIRONMENTS_MAX: usize = 256;
/// Stands for the environment's schema in the text of a statement.
const SCHEMA: &str = "{schema}";

/// A value of a statement.
pub type Param = Box<dyn ToSql + Send + Sync>;

/// A statement with its values. The text is a constant, in which `{schema}.` stands before the name of everything that
/// is an environment's: it is prepared once for each connection and environment.
#[derive(Debug)]
pub struct Query {
    /// The text.
    pub sql: &'static str,
    /// `$1`, `$2` and so on.
    pub params: Vec<Param>,
}

type Prepared = HashMap<&'static str, Statement>;

/// The text of a [`Query`] for a transaction that has the environment's path.
pub fn in_path(sql: &str) -> String {
    sql.replace("{schema}.", "")
}

/// Begins, and takes on the role for this transaction alone. Limits of time are the lane's.
fn begin_text(schema: &SchemaName) -> String {
    format!("BEGIN; SET LOCAL ROLE {}", schema.quoted())
}

/// One connection.
#[derive(Debug)]
struct Lane {
    client: Client,
    prepared: HashMap<EnvironmentId, Prepared>,
}

/// A transaction in one environment. Dropped without [`commit`](Self::commit) or [`rollback`](Self::rollback) it
/// takes its connection with it.
#[derive(Debug)]
pub struct LaneTx {
    lane: Lane,
    lanes: Lanes,
    environment: Arc<Environment>,
    // Gives the place among the lanes back.
    _place: connect::Place,
}

impl LaneTx {
    /// Begins and asks the first questions, in one round trip; an answer for each.
    pub async fn begin(
        lanes: &Lanes,
        environment: Arc<Environment>,
        queries: &[Query],
    ) -> Result<(Self, Vec<Vec<Row>>), LaneError> {
        let (place, lane) = lanes.take(environment.id).await?;
        let mut tx = Self { lane, lanes: lanes.clone(), environment, _place: place };
        let begin_with = begin_text(&tx.environment.schema);
        let answers = if tx.knows(queries) {
            let (begun, answers) = join(tx.lane.client.batch_execute(&begin_with), tx.run(queries)).await;
            begun.map_err(LaneError::before_commit)?;
            answers
        } else {
            tx.lane.client.batch_execute(&begin_with).await.map_err(LaneError::before_commit)?;
            tx.prepare(queries).await.map_err(LaneError::before_commit)?;
            tx.run(queries).await
        };
        match answers.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(answers) => Ok((tx, answers)),
            Err(error) => Err(tx.give_up(LaneError::before_commit(error)).await),
        }
    }

    /// Asks more, in one round trip.
    pub async fn ask(self, queries: &[Query]) -> Result<(Self, Vec<Vec<Row>>), LaneError> {
        let mut tx = self;
        tx.prepare(queries).await.map_err(LaneError::before_commit)?;
        match tx.run(queries).await.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(answers) => Ok((tx, answers)),
            Err(error) => Err(tx.give_up(LaneError::before_commit(error)).await),
        }
    }

    /// Writes and commits, in one round trip. Postgres carries out nothing after a statement that failed, so the
    /// commit that is already on its way commits all of it or nothing.
    pub async fn commit(mut self, queries: &[Query]) -> Result<(), LaneError> {
        self.prepare(queries).await.map_err(LaneError::before_commit)?;
        let (written, committed) = join(self.run(queries), self.lane.client.batch_execute("COMMIT")).await;
        let refused = written.into_iter().find_map(Result::err);
        let outcome = match (refused, committed) {
            (None, Ok(())) => Ok(()),
            (Some(error), _) | (None, Err(error)) => Err(LaneError::at_commit(error)),
        };
        if matches!(outcome, Ok(()) | Err(LaneError::Refused(_))) {
            self.lanes.give_back(self.lane);
        }
        outcome
    }

    /// Ends without a trace.
    pub async fn rollback(self) {
        if self.lane.client.batch_execute("ROLLBACK").await.is_ok() {
            self.lanes.give_back(self.lane);
        }
    }

    async fn give_up(self, error: LaneError) -> LaneError {
        if matches!(error, LaneError::Refused(_)) {
            self.rollback().await;
        }
        error
    }

    /// Inside the transaction, because without its role the names mean nothing.
    async fn prepare(&mut self, queries: &[Query]) -> Result<(), tokio_postgres::Error> {
        let statements: Vec<&'static str> = queries.iter().map(|query| query.sql).collect();
        self.lane.prepare(&self.environment, &statements).await
    }

    fn knows(&self, queries: &[Query]) -> bool {
        self.lane.knows(self.environment.id, queries)
    }

    /// Sends all queries, then waits for all answers.
    async fn run(&self, queries: &[Query]) -> Vec<Result<Vec<Row>, tokio_postgres::Error>> {
        self.lane.run(self.environment.id, queries).await
    }
}

impl Lane {
    fn knows(&self, environment: EnvironmentId, queries: &[Query]) -> bool {
        self.knows_all(environment, queries.iter().map(|query| query.sql))
    }

    fn knows_all(&self, environment: EnvironmentId, mut statements: impl Iterator<Item = &'static str>) -> bool {
        let prepared = self.prepared.get(&environment);
        statements.all(|sql| prepared.is_some_and(|prepared| prepared.contains_key(sql)))
    }

    async fn prepare(
        &mut self,
        environment: &Environment,
        statements: &[&'static str],
    ) -> Result<(), tokio_postgres::Error> {
        if self.knows_all(environment.id, statements.iter().copied()) {
            return Ok(());
        }
        if self.prepared.len() >= ENVIRONMENTS_MAX
            && !self.prepared.contains_key(&environment.id)
            && let Some(other) = self.prepared.keys().next().copied()
        {
            self.prepared.remove(&other);
        }
        let prepared = self.prepared.entry(environment.id).or_default();
        for sql in statements {
            if !prepared.contains_key(sql) {
                let text = sql.replace(SCHEMA, &environment.schema.quoted());
                prepared.insert(sql, self.client.prepare(&text).await?);
            }
        }
        Ok(())
    }

    async fn run(&self, environment: EnvironmentId, queries: &[Query]) -> Vec<Result<Vec<Row>, tokio_postgres::Error>> {
        let prepared = self.prepared.get(&environment);
        let runs = queries.iter().filter_map(|query| {
            let statement = prepared?.get(query.sql)?;
            Some(async {
                let params: Vec<&(dyn ToSql + Sync)> =
                    query.params.iter().map(|param| -> &(dyn ToSql + Sync) { param.as_ref() }).collect();
                self.client.query(statement, &params).await
            })
        });
        join_all(runs).await
    }
}
