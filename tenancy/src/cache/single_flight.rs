//! One run of a job at a time, shared by everybody who waits for it.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{sync::Mutex, task::JoinError};
use tracing::Instrument as _;

/// Lets one run happen at a time. Who asks gets the result of a run that began after his question, be it
/// his own or another's: never an older one.
#[derive(Debug)]
pub(crate) struct SingleFlight<T> {
    begun: AtomicU64,
    last: Mutex<Option<(u64, T)>>,
}

impl<T: Clone + Send + 'static> SingleFlight<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { begun: AtomicU64::new(0), last: Mutex::new(None) })
    }

    /// Runs `work`, or shares a run. It happens in a task of its own: who asked may hang up, the others still
    /// get their answer, and a run that was counted is a run that ended.
    pub(crate) async fn run<F>(self: &Arc<Self>, work: F) -> Result<T, JoinError>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let asked_after = self.begun.load(Ordering::SeqCst);
        let flight = Arc::clone(self);
        let task = async move {
            let mut last = flight.last.lock().await;
            if let Some((number, result)) = last.as_ref()
                && *number > asked_after
            {
                return result.clone();
            }
            let number = flight.begun.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
            let result = work.await;
            *last = Some((number, result.clone()));
            result
        };
        tokio::spawn(task.in_current_span()).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn many_questions_share_one_run_and_a_later_question_gets_a_new_one() {
        let flight = SingleFlight::new();
        let runs = Arc::new(AtomicU64::new(0));
        let job = |runs: &Arc<AtomicU64>| {
            let runs = Arc::clone(runs);
            async move {
                tokio::time::sleep(Duration::from_millis(30)).await;
                runs.fetch_add(1, Ordering::SeqCst).wrapping_add(1)
            }
        };
        let asked = futures::future::join_all((0..50).map(|_| flight.run(job(&runs)))).await;
        assert!(asked.into_iter().all(|result| result.unwrap() == 1));
        assert_eq!(flight.run(job(&runs)).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_run_ends_though_its_asker_hangs_up() {
        let flight = SingleFlight::new();
        let runs = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&runs);
        let question = flight.run(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            counted.fetch_add(1, Ordering::SeqCst)
        });
        assert!(tokio::time::timeout(Duration::from_millis(5), question).await.is_err());
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }
}
