//! Data keys that retire: they open what they sealed and seal no more.

use std::sync::Arc;

use keyring::{IndexColumn, KeyReference, KeyringError, KeyringLimits, ProviderKind, Purpose};

use crate::{
    environment::{EMAIL, clock, keyring_on, local_keyring, provision},
    scripted::Scripted,
};

const LOCAL: ProviderKind = ProviderKind::Local;

#[tokio::test]
async fn a_retired_key_opens_and_the_newest_seals() {
    let clock = clock();
    let (_directory, keyring) = local_keyring(&clock);
    let (key, mut data_keys) = provision(&keyring, LOCAL).await.unwrap();
    let before = keyring.field_keys(&key, &data_keys).await.unwrap();
    let old = before.seal(&"text".to_owned(), &EMAIL).unwrap();

    clock.advance(60);
    let newer = keyring.generate_data_key(&key, Purpose::Fields).await.unwrap();
    data_keys[0].retired_at = Some(newer.created_at);
    data_keys.push(newer.clone());
    let after = keyring.field_keys(&key, &data_keys).await.unwrap();
    assert!(after.needs_reseal(&old));
    let opened = after.open(&old, &EMAIL).unwrap();
    let new = after.seal(&opened, &EMAIL).unwrap();
    assert!(!after.needs_reseal(&new));
    assert_eq!(new.as_bytes()[1..17], *newer.id.as_uuid().as_bytes());

    // Who has not heard of the new key cannot open under it, and says which key is missing.
    assert_eq!(before.open(&new, &EMAIL), Err(KeyringError::UnknownDataKey { data_key: newer.id }));

    // With nothing but retired keys everything opens and nothing is sealed.
    data_keys.last_mut().unwrap().retired_at = Some(newer.created_at);
    let retired = keyring.field_keys(&key, &data_keys).await.unwrap();
    assert_eq!(retired.open(&new, &EMAIL).unwrap(), "text");
    let refused = KeyringError::NoActiveKey { purpose: Purpose::Fields };
    assert_eq!(retired.seal(&"text".to_owned(), &EMAIL), Err(refused));
}

#[tokio::test]
async fn a_retired_key_that_cannot_be_had_fails_only_what_needs_it() {
    let (service, clock) = (Arc::new(Scripted::default()), clock());
    let keyring = keyring_on(service.clone(), KeyringLimits::default(), clock.clone());
    let (key, mut data_keys) = provision(&keyring, LOCAL).await.unwrap();
    let column = IndexColumn::new("customer", "email");
    let old = keyring.field_keys(&key, &data_keys).await.unwrap().seal(&"text".to_owned(), &EMAIL).unwrap();

    // The environment moves to a KMS key of its own; the old data keys stay under the one that breaks.
    clock.advance(60);
    let moved = keyring::EnvironmentKey { reference: KeyReference::try_new(LOCAL, "other").unwrap(), ..key.clone() };
    for data_key in &mut data_keys {
        data_key.retired_at = Some(data_key.created_at);
    }
    for purpose in Purpose::ALL {
        data_keys.push(keyring.generate_data_key(&moved, purpose).await.unwrap());
    }
    let broken = KeyringError::Destroyed { provider: LOCAL };
    service.fail_key(key.reference.clone(), broken.clone());
    keyring.forget(key.environment);

    let keys = keyring.field_keys(&moved, &data_keys).await.unwrap();
    let new = keys.seal(&"text".to_owned(), &EMAIL).unwrap();
    assert_eq!(keys.open(&new, &EMAIL).unwrap(), "text");
    assert_eq!(keys.open(&old, &EMAIL), Err(broken.clone()));
    keys.index_for_write("text", &column).unwrap();
    assert_eq!(keys.indexes_for_read("text", &column), Err(broken), "a lookup must not miss rows in silence");
}
