//! Waiting for something to come to pass.

use std::time::{Duration, Instant};

use tokio::time::sleep;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// Waits until the condition holds, and answers how long that took.
#[track_caller]
pub fn until<F: Future<Output = bool>>(limit: Duration, condition: impl Fn() -> F) -> impl Future<Output = Duration> {
    let caller = std::panic::Location::caller();
    async move {
        let began = Instant::now();
        while began.elapsed() < limit {
            if condition().await {
                return began.elapsed();
            }
            sleep(INTERVAL).await;
        }
        panic!("what {caller} waits for did not come to pass within {limit:?}");
    }
}
