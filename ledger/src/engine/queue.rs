//! What waits, for each environment.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use kernel::EnvironmentId;
use tokio::sync::{Notify, oneshot};

use super::{Desk, EngineError};

/// While transactions are under way, the next is sent ahead only with at least so many orders: an eager pipe would
/// shrink the batches that make it fast.
const SENT_AHEAD_MIN: usize = 32;

/// An order and who waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting<D: Desk> {
    pub(super) order: D::Order,
    pub(super) reply: oneshot::Sender<Result<D::Answer, EngineError>>,
}

impl<D: Desk> Waiting<D> {
    /// Whoever hung up does not hear it; what happened, happened all the same.
    pub(super) fn answer(self, answer: Result<D::Answer, EngineError>) {
        let _unheard = self.reply.send(answer);
    }
}

/// Each caller hears his own answer.
pub(super) fn answer_each<D: Desk>(waiting: Vec<Waiting<D>>, answers: Vec<D::Answer>) {
    for (one, answer) in waiting.into_iter().zip(answers) {
        one.answer(Ok(answer));
    }
}

/// What became of an order on its way into the queue.
pub(super) enum Submitted {
    /// Somebody drains the queue already.
    Queued,
    /// Nobody does: the caller starts a drain, which is told when many more wait.
    First(Arc<Notify>),
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
    queues: HashMap<EnvironmentId, Queue<D>>,
    poisoned: HashSet<EnvironmentId>,
}

#[derive(Debug)]
struct Queue<D: Desk> {
    waiting: VecDeque<Waiting<D>>,
    /// Told when enough wait to be sent ahead.
    many: Arc<Notify>,
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
            Some(queue) if queue.waiting.len() >= self.waiting_max => Submitted::Full,
            Some(queue) => {
                queue.waiting.push_back(waiting);
                if queue.waiting.len() == SENT_AHEAD_MIN {
                    queue.many.notify_one();
                }
                Submitted::Queued
            }
            None => {
                let many = Arc::new(Notify::new());
                let queue = Queue { waiting: VecDeque::from([waiting]), many: Arc::clone(&many) };
                state.queues.insert(environment, queue);
                Submitted::First(many)
            }
        }
    }

    /// What waits, oldest first, at most `batch_max`; nothing, where nothing waits, or too little to be sent ahead.
    pub(super) fn take(
        &self,
        environment: EnvironmentId,
        batch_max: usize,
        is_sent_ahead: bool,
    ) -> Option<Vec<Waiting<D>>> {
        let at_least = if is_sent_ahead { SENT_AHEAD_MIN } else { 1 };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = &mut state.queues.get_mut(&environment)?.waiting;
        let size = waiting.len().min(batch_max);
        (size >= at_least).then(|| waiting.drain(..size).collect())
    }

    /// Ends the drain, unless something waits.
    pub(super) fn end(&self, environment: EnvironmentId) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_idle = state.queues.get(&environment).is_none_or(|queue| queue.waiting.is_empty());
        if is_idle {
            state.queues.remove(&environment);
        }
        is_idle
    }

    /// Refuses everything that waits and will come for this environment.
    pub(super) fn poison(&self, environment: EnvironmentId) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.poisoned.insert(environment);
        for waiting in state.queues.get_mut(&environment).into_iter().flat_map(|queue| queue.waiting.drain(..)) {
            waiting.answer(Err(EngineError::Poisoned));
        }
    }
}
