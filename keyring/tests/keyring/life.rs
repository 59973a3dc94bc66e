//! The life of an environment's key, told once for every provider that can do it all.

use keyring::{EnvironmentKey, ErrorClass, IndexColumn, KeyState, Keyring, KeyringError, ProviderKind, Purpose};

use crate::environment::{EMAIL, provision};

/// Enabled, rotated and re-wrapped, disabled, enabled, destroyed: what works when, and that nothing else does.
pub(crate) async fn whole_life(keyring: &Keyring, provider: ProviderKind) {
    let (key, mut data_keys) = provision(keyring, provider).await.unwrap();
    keyring.check_key(&key).await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    let sealed = keys.seal(&"text".to_owned(), &EMAIL).unwrap();
    let index = keys.index_for_write("text", &IndexColumn::new("customer", "email")).unwrap();

    keyring.rotate_key(&key).await.unwrap();
    for data_key in &mut data_keys {
        let rewrapped = keyring.rewrap(data_key, &key).await.unwrap();
        assert_ne!(rewrapped.wrapped, data_key.wrapped);
        *data_key = rewrapped;
    }
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), "text");
    assert_eq!(keys.index_for_write("text", &IndexColumn::new("customer", "email")).unwrap(), index);

    keyring.disable_key(&key).await.unwrap();
    assert_eq!(keyring.key_state(&key).await.unwrap(), KeyState::Disabled);
    let error = keyring.field_keys(&key, &data_keys).await.unwrap_err();
    assert_eq!(error, KeyringError::Disabled { provider });
    assert_eq!(error.class(), ErrorClass::Unavailable);
    nothing_works(keyring, &key).await;

    keyring.enable_key(&key).await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), "text");

    keyring.destroy_key(&key).await.unwrap();
    let error = keyring.field_keys(&key, &data_keys).await.unwrap_err();
    assert!(matches!(error, KeyringError::Destroyed { .. } | KeyringError::NotFound { .. }), "{error}");
    nothing_works(keyring, &key).await;
    assert!(keyring.enable_key(&key).await.is_err(), "there is no way back");
    for data_key in &data_keys {
        assert!(keyring.rewrap(data_key, &key).await.is_err());
    }
}

/// Without a usable key there are no data keys either, so there is nothing to seal with.
async fn nothing_works(keyring: &Keyring, key: &EnvironmentKey) {
    for purpose in Purpose::ALL {
        assert!(keyring.generate_data_key(key, purpose).await.is_err());
    }
    assert!(keyring.check_key(key).await.is_err());
}
