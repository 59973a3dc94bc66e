//! Against MiniStack, which enforces key states and waiting windows, and accepts tampered text.

use std::sync::Arc;

use keyring::{AwsKms, ErrorClass, KeyState, KeyringError, KeyringLimits, ProviderKind};
use stack::MiniStack;

use crate::{
    aws_contexts::client,
    environment::{EMAIL, clock, keyring_on, provision},
};

const AWS: ProviderKind = ProviderKind::Aws;

#[tokio::test]
async fn a_disabled_key_answers_nothing_until_it_is_enabled() {
    let mini = MiniStack::start().await.unwrap();
    let aws = AwsKms::new(client(&mini.endpoint_url()));
    let keyring = keyring_on(Arc::new(aws), KeyringLimits::default(), clock());
    let (key, data_keys) = provision(&keyring, AWS).await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    let sealed = keys.seal(&"text".to_owned(), &EMAIL).unwrap();
    assert_eq!(keyring.key_state(&key).await.unwrap(), KeyState::Enabled);

    keyring.disable_key(&key).await.unwrap();
    assert_eq!(keyring.key_state(&key).await.unwrap(), KeyState::Disabled);
    let error = keyring.field_keys(&key, &data_keys).await.unwrap_err();
    assert_eq!(error, KeyringError::Disabled { provider: AWS });
    assert_eq!(error.class(), ErrorClass::Unavailable);
    assert!(keyring.check_key(&key).await.is_err());

    keyring.enable_key(&key).await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), "text");
}

#[tokio::test]
async fn a_key_that_waits_for_its_destruction_answers_nothing_and_can_be_saved() {
    let mini = MiniStack::start().await.unwrap();
    let aws = AwsKms::new(client(&mini.endpoint_url()));
    let keyring = keyring_on(Arc::new(aws), KeyringLimits::default(), clock());
    let (key, data_keys) = provision(&keyring, AWS).await.unwrap();
    let sealed = keyring.field_keys(&key, &data_keys).await.unwrap().seal(&"text".to_owned(), &EMAIL).unwrap();

    for days in [0, 6, 31] {
        let refused = keyring.schedule_destruction(&key, days).await;
        assert!(matches!(refused, Err(KeyringError::Unsupported { .. })));
    }
    assert!(matches!(keyring.destroy_key(&key).await, Err(KeyringError::Unsupported { .. })));
    keyring.schedule_destruction(&key, 7).await.unwrap();
    assert!(matches!(keyring.key_state(&key).await.unwrap(), KeyState::PendingDestruction { due_at: Some(_) }));
    let pending = KeyringError::PendingDestruction { provider: AWS };
    assert_eq!(keyring.field_keys(&key, &data_keys).await.unwrap_err(), pending);
    assert_eq!(keyring.check_key(&key).await.unwrap_err(), pending);

    keyring.cancel_destruction(&key).await.unwrap();
    assert_eq!(keyring.key_state(&key).await.unwrap(), KeyState::Disabled, "saved, not yet usable");
    keyring.enable_key(&key).await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), "text");
}
