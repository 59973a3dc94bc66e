//! A key service that is down: bounded waiting, bounded asking, and then quick refusals.

use std::{sync::Arc, time::Duration};

use keyring::{ErrorClass, KeyringError, KeyringLimits, ProviderKind};

use crate::{
    environment::{clock, keyring_on, provision},
    scripted::Scripted,
};

const LOCAL: ProviderKind = ProviderKind::Local;

fn down() -> KeyringError {
    KeyringError::Unavailable { provider: LOCAL, detail: "scripted".into() }
}

#[tokio::test]
async fn a_call_that_fails_once_is_repeated_and_a_service_that_stays_down_is_left_alone() {
    let (service, clock) = (Arc::new(Scripted::default()), clock());
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock.clone());
    let (key, data_keys) = provision(&keyring, LOCAL).await.unwrap();
    let fields = &data_keys[..1];
    service.fail(down());
    for call in 1..=5 {
        assert_eq!(keyring.field_keys(&key, fields).await.unwrap_err(), down());
        assert_eq!(service.unwraps(), call * 3, "three attempts each");
    }
    for _ in 0..100 {
        let error = keyring.field_keys(&key, fields).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Unavailable);
    }
    assert_eq!(service.unwraps(), 15, "the breaker is open");

    clock.advance(5);
    assert!(keyring.field_keys(&key, fields).await.is_err());
    assert_eq!(service.unwraps(), 18, "one call tried again");
    assert!(keyring.field_keys(&key, fields).await.is_err());
    assert_eq!(service.unwraps(), 18);

    service.recover();
    clock.advance(5);
    assert!(keyring.field_keys(&key, fields).await.is_ok());
}

#[tokio::test]
async fn a_refusal_is_no_outage() {
    let service = Arc::new(Scripted::default());
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock());
    let (key, data_keys) = provision(&keyring, LOCAL).await.unwrap();
    service.fail(KeyringError::Denied { provider: LOCAL });
    for call in 1..=20 {
        assert!(keyring.field_keys(&key, &data_keys[..1]).await.is_err());
        assert_eq!(service.unwraps(), call, "asked once each, and never left alone");
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up_in_time() {
    let service = Arc::new(Scripted::slow(Duration::from_mins(1)));
    let limits = KeyringLimits { attempt_time_max: Duration::from_millis(20), ..KeyringLimits::default() };
    let keyring = keyring_on(service, limits, clock());
    let owner = crate::environment::owner();
    let reference = keyring.create_key(LOCAL, &owner).await.unwrap();
    let key = keyring::EnvironmentKey { tenant: owner.tenant, environment: owner.environment, reference };
    let outcome = tokio::time::timeout(Duration::from_secs(5), keyring.check_key(&key)).await.unwrap();
    assert!(matches!(outcome, Err(KeyringError::Unavailable { .. })));
}

#[tokio::test]
async fn a_provider_that_is_not_set_up_is_named() {
    let keyring = keyring_on(Arc::new(Scripted::default()), KeyringLimits::default(), clock());
    assert!(keyring.offers(LOCAL) && !keyring.offers(ProviderKind::Aws));
    let refused = keyring.create_key(ProviderKind::Aws, &crate::environment::owner()).await;
    assert_eq!(refused, Err(KeyringError::NotConfigured { provider: ProviderKind::Aws }));
}
