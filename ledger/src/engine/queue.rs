//! What waits, for each environment.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use kernel::EnvironmentId;
use tokio::sync::oneshot;

use super::{Desk, EngineError};

/// An order and who waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting<D: Desk> {
    pub(super) order: D::Order,
    pub(super) reply: oneshot::Sender<Result<D::Answer, EngineError>>,
}

/// What became of an order on its way into the queue.
pub(super) enum Submitted {
    /// Somebody drains the queue already.
    Queued,
    /// Nobody does: the caller starts a drain.
    First,
    /// Too much waits.
    Full,
    /// The environment's books are in doubt.
    Poisoned,
}

/// All queues. An environment is in the map exactly while a task drains it.
#[derive(Debug)]
pub(super) struct Queues<D: Desk> {
    waiting_max: usize,
    state: Mutex<State<D>>,
}

#[derive(Debug)]
struct State<D: Desk> {
    queues: HashMap<EnvironmentId, VecDeque<Waiting<D>>>,
    poisoned: HashSet<EnvironmentId>,
}

impl<D: Desk> Queues<D> {
    pub(super) fn new(waiting_max: usize) -> Self {
        Self { waiting_max, state: Mutex::new(State { queues: HashMap::new(), poisoned: HashSet::new() }) }
    }

    pub(super) fn submit(&self, environment: EnvironmentId, waiting: Waiting<D>) -> Submitted {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.poisoned.contains(&environment) {
            return Submitted::Poisoned;
        }
        match state.queues.get_mut(&environment) {
            Some(queue) if queue.len() >= self.waiting_max => Submitted::Full,
            Some(queue) => {
                queue.push_back(waiting);
                Submitted::Queued
            }
            None => {
                state.queues.insert(environment, VecDeque::from([waiting]));
                Submitted::First
            }
        }
    }

    /// What waits, oldest first, at most `batch_max`; `None` ends the drain.
    pub(super) fn next(&self, environment: EnvironmentId, batch_max: usize) -> Option<Vec<Waiting<D>>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = state.queues.get_mut(&environment)?;
        if queue.is_empty() {
            state.queues.remove(&environment);
            return None;
        }
        let size = queue.len().min(batch_max);
        Some(queue.drain(..size).collect())
    }

    /// Refuses everything that waits and will come for this environment.
    pub(super) fn poison(&self, environment: EnvironmentId) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.poisoned.insert(environment);
        for waiting in state.queues.get_mut(&environment).into_iter().flat_map(|queue| queue.drain(..)) {
            // Whoever hung up does not hear it.
            let _unheard = waiting.reply.send(Err(EngineError::Poisoned));
        }
    }
}
