//! Unwrapped data keys in memory: how long, how often, how many, and one fetch at a time.

use std::{sync::Arc, time::Duration};

use keyring::{EnvironmentKey, Keyring, KeyringError, KeyringLimits, ProviderKind, WrappedDataKey};

use crate::{
    environment::{EMAIL, clock, keyring_on, provision},
    scripted::Scripted,
};

const LOCAL: ProviderKind = ProviderKind::Local;

async fn touch(keyring: &Keyring, (key, data_keys): &(EnvironmentKey, Vec<WrappedDataKey>)) {
    keyring.field_keys(key, data_keys).await.unwrap();
}

#[tokio::test]
async fn keys_are_fetched_again_when_their_time_is_over_and_not_before() {
    let (service, clock) = (Arc::new(Scripted::default()), clock());
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock.clone());
    let environment = provision(&keyring, LOCAL).await.unwrap();
    touch(&keyring, &environment).await;
    clock.advance(299);
    touch(&keyring, &environment).await;
    assert_eq!(service.unwraps(), 2, "one for each purpose");
    clock.advance(1);
    touch(&keyring, &environment).await;
    assert_eq!(service.unwraps(), 4);
    clock.advance(-3_600);
    touch(&keyring, &environment).await;
    assert_eq!(service.unwraps(), 6, "a clock set back does not prolong anything");
    keyring.sweep();
    touch(&keyring, &environment).await;
    assert_eq!(service.unwraps(), 6, "sweeping takes only what is over");
}

#[tokio::test]
async fn a_busy_key_is_fetched_again_after_its_uses() {
    let service = Arc::new(Scripted::default());
    let limits = KeyringLimits { uses_max: 3, ..KeyringLimits::default() };
    let keyring = keyring_on(service.clone(), limits, clock());
    let environment = provision(&keyring, LOCAL).await.unwrap();
    for _ in 0..3 {
        touch(&keyring, &environment).await;
    }
    assert_eq!(service.unwraps(), 2);
    touch(&keyring, &environment).await;
    assert_eq!(service.unwraps(), 3, "the key that seals, not the one that only indexes");
}

#[tokio::test]
async fn memory_holds_so_many_keys_and_drops_the_longest_unused() {
    let service = Arc::new(Scripted::default());
    let limits = KeyringLimits { entries_max: 4, ..KeyringLimits::default() };
    let keyring = keyring_on(service.clone(), limits, clock());
    let first = provision(&keyring, LOCAL).await.unwrap();
    let second = provision(&keyring, LOCAL).await.unwrap();
    let third = provision(&keyring, LOCAL).await.unwrap();
    for environment in [&first, &second, &first, &third] {
        touch(&keyring, environment).await;
    }
    assert_eq!(service.unwraps(), 6);
    touch(&keyring, &first).await;
    assert_eq!(service.unwraps(), 6, "used in between, still there");
    touch(&keyring, &second).await;
    assert_eq!(service.unwraps(), 8);
}

#[tokio::test]
async fn a_hundred_callers_share_one_fetch_per_key() {
    let service = Arc::new(Scripted::slow(Duration::from_millis(50)));
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock());
    let (key, data_keys) = provision(&keyring, LOCAL).await.unwrap();
    let callers = (0..100).map(|_| keyring.field_keys(&key, &data_keys));
    for outcome in futures::future::join_all(callers).await {
        let keys = outcome.unwrap();
        keys.seal(&"text".to_owned(), &EMAIL).unwrap();
    }
    assert_eq!(service.unwraps(), 2);
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_take_the_fetch_away() {
    let service = Arc::new(Scripted::slow(Duration::from_millis(100)));
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock());
    let environment = provision(&keyring, LOCAL).await.unwrap();
    let hung_up = tokio::time::timeout(Duration::from_millis(20), keyring.field_keys(&environment.0, &environment.1));
    assert!(hung_up.await.is_err());
    touch(&keyring, &environment).await;
    assert_eq!(service.unwraps(), 2);
}

#[tokio::test]
async fn forgetting_an_environment_drops_its_keys_and_no_others() {
    let service = Arc::new(Scripted::default());
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock());
    let first = provision(&keyring, LOCAL).await.unwrap();
    let second = provision(&keyring, LOCAL).await.unwrap();
    touch(&keyring, &first).await;
    touch(&keyring, &second).await;
    keyring.forget(first.0.environment);
    touch(&keyring, &second).await;
    assert_eq!(service.unwraps(), 4);
    touch(&keyring, &first).await;
    assert_eq!(service.unwraps(), 6);
}

#[tokio::test]
async fn what_was_under_way_when_the_environment_was_forgotten_is_not_kept() {
    let service = Arc::new(Scripted::slow(Duration::from_millis(100)));
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock());
    let environment = provision(&keyring, LOCAL).await.unwrap();
    let (outcome, ()) = tokio::join!(keyring.field_keys(&environment.0, &environment.1), async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        keyring.forget(environment.0.environment);
    });
    assert!(outcome.is_ok(), "its callers are answered");
    touch(&keyring, &environment).await;
    assert_eq!(service.unwraps(), 4, "but the keys were fetched before the hint and are asked for anew");
}

#[tokio::test]
async fn failures_are_not_kept() {
    let service = Arc::new(Scripted::default());
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock());
    let (key, data_keys) = provision(&keyring, LOCAL).await.unwrap();
    service.fail(KeyringError::Disabled { provider: LOCAL });
    assert!(keyring.field_keys(&key, &data_keys).await.is_err());
    service.recover();
    assert!(keyring.field_keys(&key, &data_keys).await.is_ok());
}
