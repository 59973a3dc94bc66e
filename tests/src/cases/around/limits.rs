//! Limits of credentials and environments, with Redis and without.

use std::time::{Duration, Instant};

use futures::future::join_all;
use stack::Redis;
use tokio::time::sleep;

use crate::app::{App, client::Client, server::setting, transfer_of};

/// Sends this many requests at once and counts those served and those limited.
async fn burst(client: &Client, requests: usize) -> (usize, usize) {
    let answers = join_all((0..requests).map(|_| client.get("/v1/wallets?limit=1"))).await;
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(429, "rate_limit");
        let wait: u64 = answer.header("retry-after").expect("it says how long to wait").parse().unwrap();
        assert!((1..=5).contains(&wait), "{wait}");
    }
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    (served, requests - served)
}

fn limits(redis: &Redis) -> Vec<(String, String)> {
    vec![
        setting("REDIS__URL", redis.url()),
        setting("API__RATE_LIMIT_CREDENTIAL_PER_SECOND", 10),
        setting("API__RATE_LIMIT_ENVIRONMENT_PER_SECOND", 15),
    ]
}

pub async fn limits_hold_per_credential_and_per_environment_over_all_processes(app: App) {
    let stack = app.shared().await;
    let redis = Redis::throwaway().await.unwrap();
    let (first, second) = tokio::join!(stack.another_api(limits(&redis)), stack.another_api(limits(&redis)));
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let (here, there) = (tenant.test.at(&first).await, tenant.test.at(&second).await);
    // Warm caches, so that a burst takes no second by itself.
    for client in [
        here.api_key(),
        there.api_key(),
        here.member("owner"),
        here.member("admin"),
        other.test.at(&first).await.api_key(),
    ] {
        client.get("/v1/wallets?limit=1").await.ok();
    }
    let (elsewhere, live) = (other.test.at(&first).await.api_key(), tenant.live.at(&first).await.api_key());
    sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    let (in_one, in_other) = (here.api_key(), there.api_key());
    let (one, two) = tokio::join!(burst(&in_one, 20), burst(&in_other, 20));
    // What trickles in while the bursts themselves take their time.
    let refilled = |per_second: u128| usize::try_from(began.elapsed().as_millis() * per_second / 1_000 + 1).unwrap();
    let served = one.0 + two.0;
    assert!((10..=10 + refilled(10)).contains(&served), "10 of one credential over two processes, not {served}");
    let others = burst(&here.member("owner"), 20).await.0 + burst(&there.member("admin"), 20).await.0;
    let most = 15 + refilled(15);
    assert!(served + others <= most, "at most {most} of the environment, not {served} + {others}");
    assert!(others >= 1, "another credential has its own share");
    assert_eq!(burst(&elsewhere, 10).await, (10, 0), "another tenant's limit is its own");
    assert_eq!(burst(&live, 10).await, (10, 0), "the live side's limit is its own");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(burst(&in_one, 10).await, (10, 0), "a pause gives the quota back");
}

pub async fn payments_go_on_under_the_local_limiter_while_redis_is_dead(app: App) {
    let stack = app.shared().await;
    let mut redis = Redis::throwaway().await.unwrap();
    let api = stack.another_api(limits(&redis)).await;
    let environment = app.tenant().await.test.at(&api).await;
    let client = environment.api_key();
    let (source, destination) = (client.open_funded_wallet(1_000).await, client.open_wallet("eur").await);
    sleep(Duration::from_secs(2)).await;
    redis.kill().await.unwrap();
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        let began = Instant::now();
        client.transfer(&source, &destination, 1).await.ok();
        slowest = slowest.max(began.elapsed());
    }
    app.note(format!("payments without Redis took {slowest:.0?} at most"));
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    sleep(Duration::from_secs(2)).await;
    let (served, limited) = burst(&client, 40).await;
    assert!(served >= 10 && limited >= 10, "the local limiter limits too: {served} served, {limited} limited");
    redis.start_again().await.unwrap();
    let shared = stack.another_api(limits(&redis)).await;
    sleep(Duration::from_secs(3)).await;
    client.get("/v1/wallets?limit=1").await;
    sleep(Duration::from_secs(2)).await;
    let there = environment.at(&shared).await.api_key();
    there.get("/v1/wallets?limit=1").await.ok();
    sleep(Duration::from_secs(2)).await;
    let (one, two) = tokio::join!(burst(&client, 20), burst(&there, 20));
    assert!(one.0 + two.0 < 20, "with Redis back the limit is shared again: {one:?} {two:?}");
    client.post("/v1/wallet_transfers", transfer_of(&source, &destination, 1)).await;
}
