//! Hints over a real Redis, and without it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use kernel::{EnvironmentId, FixedClock, SystemEntropy};
use stack::Redis;
use tenancy::hints::{Hint, HintKind, Hints};
use tokio::time::{sleep, timeout};

/// Writes down what it hears.
fn listen(hints: &Hints) -> Arc<Mutex<Vec<Hint>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    hints.on(move |hint| ear.lock().unwrap().push(*hint));
    heard
}

async fn until_heard(heard: &Mutex<Vec<Hint>>, wanted: Hint) {
    let wait = async {
        while !heard.lock().unwrap().contains(&wanted) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.expect("the hint arrives");
}

#[tokio::test]
async fn hints_reach_the_other_processes_and_survive_a_restart_of_redis() {
    let mut redis = Redis::throwaway().await.unwrap();
    let (here, there) = (Hints::connect(Some(&redis.url())).unwrap(), Hints::connect(Some(&redis.url())).unwrap());
    let (own, others) = (listen(&here), listen(&there));
    let missed = Hint::everywhere(HintKind::Missed);
    until_heard(&others, missed).await;
    let environment = EnvironmentId::generate(&FixedClock::new(1_790_000_000), &SystemEntropy);
    let hint = Hint::environment(HintKind::Policy, environment);
    here.publish(&hint).await;
    until_heard(&others, hint).await;
    assert!(own.lock().unwrap().contains(&hint), "the own process hears at once");

    redis.kill().await.unwrap();
    others.lock().unwrap().clear();
    let lost = Hint::everywhere(HintKind::Issuer);
    let begun = std::time::Instant::now();
    here.publish(&lost).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "publishing never waits for a Redis that is away");
    redis.start_again().await.unwrap();
    until_heard(&others, missed).await;
    let later = Hint::environment(HintKind::Key, environment);
    here.publish(&later).await;
    until_heard(&others, later).await;
    assert!(!others.lock().unwrap().contains(&lost));
}

#[tokio::test]
async fn a_redis_that_never_was_hinders_nobody() {
    let port = stack::free_port().unwrap();
    let hints = Hints::connect(Some(&format!("redis://127.0.0.1:{port}"))).unwrap();
    let heard = listen(&hints);
    hints.publish(&Hint::everywhere(HintKind::Tenant)).await;
    assert_eq!(*heard.lock().unwrap(), [Hint::everywhere(HintKind::Tenant)]);
    assert!(Hints::connect(Some("http://example")).is_err());
}
