//! Waiting for something to come to pass.

use std::{
    panic::Location,
    sync::Mutex,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::client::Answer;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// Waits until the condition holds, and answers how long that took.
#[track_caller]
pub fn until<F: Future<Output = bool>>(limit: Duration, condition: impl Fn() -> F) -> impl Future<Output = Duration> {
    let caller = Location::caller();
    async move {
        wait(limit, condition)
            .await
            .unwrap_or_else(|| panic!("what {caller} waits for did not come to pass within {limit:?}"))
    }
}

/// Waits until the answer has this status; says what it had instead when it never comes.
#[track_caller]
pub fn until_status<F: Future<Output = Answer>>(
    limit: Duration,
    status: u16,
    ask: impl Fn() -> F,
) -> impl Future<Output = Duration> {
    let caller = Location::caller();
    async move {
        let last = Mutex::new(None);
        let asked = wait(limit, || async {
            let answer = ask().await;
            let as_wanted = answer.status == status;
            *last.lock().unwrap() = Some(answer);
            as_wanted
        });
        asked.await.unwrap_or_else(|| {
            let last = last.lock().unwrap().take().expect("it was asked at least once");
            panic!("{caller}: after {limit:?} still {}, not {status}: {}", last.status, last.text)
        })
    }
}

async fn wait<F: Future<Output = bool>>(limit: Duration, condition: impl Fn() -> F) -> Option<Duration> {
    let began = Instant::now();
    loop {
        if condition().await {
            return Some(began.elapsed());
        }
        if began.elapsed() >= limit {
            return None;
        }
        sleep(INTERVAL).await;
    }
}
