//! Looking sealed values up by equality.

use std::collections::HashSet;

use keyring::{IndexColumn, KeyringError, ProviderKind, Purpose};

use crate::environment::{clock, local_keyring, provision};

const EMAIL: IndexColumn = IndexColumn::new("customer", "email");

#[tokio::test]
async fn equal_values_have_equal_indexes_and_nothing_else_does() {
    let (_directory, keyring) = local_keyring(&clock());
    let (key, data_keys) = provision(&keyring, ProviderKind::Local).await.unwrap();
    let (other_key, other_data_keys) = provision(&keyring, ProviderKind::Local).await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    let other = keyring.field_keys(&other_key, &other_data_keys).await.unwrap();

    let index = keys.index_for_write("ada@example.com", &EMAIL).unwrap();
    assert_eq!(keys.index_for_write("ada@example.com", &EMAIL).unwrap(), index);
    assert_eq!(keys.indexes_for_read("ada@example.com", &EMAIL).unwrap(), std::slice::from_ref(&index));
    let different = HashSet::from([
        index.clone(),
        keys.index_for_write("Ada@example.com", &EMAIL).unwrap(),
        keys.index_for_write("", &EMAIL).unwrap(),
        keys.index_for_write("ada@example.com", &IndexColumn::new("customer", "phone")).unwrap(),
        keys.index_for_write("ada@example.com", &IndexColumn::new("customere", "mail")).unwrap(),
        other.index_for_write("ada@example.com", &EMAIL).unwrap(),
    ]);
    assert_eq!(different.len(), 6);
    assert_eq!(index.as_bytes().len(), 32);
    assert_eq!(format!("{index:?}"), "BlindIndex");
}

#[tokio::test]
async fn after_a_rotation_the_new_key_writes_and_both_read() {
    let clock = clock();
    let (_directory, keyring) = local_keyring(&clock);
    let (key, mut data_keys) = provision(&keyring, ProviderKind::Local).await.unwrap();
    let before = keyring.field_keys(&key, &data_keys).await.unwrap().index_for_write("ada", &EMAIL).unwrap();

    clock.advance(60);
    let newer = keyring.generate_data_key(&key, Purpose::Index).await.unwrap();
    data_keys.iter_mut().find(|data_key| data_key.purpose == Purpose::Index).unwrap().retired_at =
        Some(newer.created_at);
    data_keys.push(newer);
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();

    let after = keys.index_for_write("ada", &EMAIL).unwrap();
    assert_ne!(after, before);
    let read = keys.indexes_for_read("ada", &EMAIL).unwrap();
    assert_eq!(read.len(), 2);
    assert!(read.contains(&before) && read.contains(&after));
}

#[tokio::test]
async fn without_an_index_key_there_is_no_index() {
    let (_directory, keyring) = local_keyring(&clock());
    let (key, data_keys) = provision(&keyring, ProviderKind::Local).await.unwrap();
    let fields: Vec<_> = data_keys.into_iter().filter(|data_key| data_key.purpose == Purpose::Fields).collect();
    let keys = keyring.field_keys(&key, &fields).await.unwrap();
    let refused = KeyringError::NoActiveKey { purpose: Purpose::Index };
    assert_eq!(keys.index_for_write("ada", &EMAIL), Err(refused.clone()));
    assert_eq!(keys.indexes_for_read("ada", &EMAIL), Err(refused));
}
