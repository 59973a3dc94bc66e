//! A data key seals so many values and no more.

use std::sync::Arc;

use keyring::{KeyringError, KeyringLimits, ProviderKind, Purpose};

use crate::{
    environment::{EMAIL, clock, keyring_on, provision},
    scripted::Scripted,
};

#[tokio::test]
async fn a_used_up_key_asks_for_rotation_and_still_opens() {
    let clock = clock();
    let limits = KeyringLimits { messages_max: 4, ..KeyringLimits::default() };
    let keyring = keyring_on(Arc::new(Scripted::default()), limits, clock.clone());
    let (key, mut data_keys) = provision(&keyring, ProviderKind::Local).await.unwrap();
    let text = "text".to_owned();

    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    assert!(!keys.rotation_due());
    let sealed = keys.seal(&text, &EMAIL).unwrap();
    keys.seal(&text, &EMAIL).unwrap();
    assert!(keys.rotation_due());

    // Fetched anew it is still the same key, and what it sealed still counts.
    keyring.forget(key.environment);
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    keys.seal(&text, &EMAIL).unwrap();
    keys.seal(&text, &EMAIL).unwrap();
    for _ in 0..10 {
        let exhausted = KeyringError::ExhaustedKey { data_key: data_keys[0].id };
        assert_eq!(keys.seal(&text, &EMAIL), Err(exhausted));
    }
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), text);

    clock.advance(1);
    data_keys.push(keyring.generate_data_key(&key, Purpose::Fields).await.unwrap());
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    keys.seal(&text, &EMAIL).unwrap();
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), text);
}
