//! Sealed values: what opens, and above all what does not.

use std::sync::Arc;

use keyring::{
    EnvironmentKey, ErrorClass, FieldKeys, JsonPlaintext, Keyring, KeyringError, KeyringLimits, Place, ProviderKind,
    Purpose, Sealed, WrappedDataKey,
};
use proptest::prelude::*;
use sea_orm::{Value, sea_query::Nullable};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    environment::{EMAIL, clock, keyring_on, owner, provision, stored},
    scripted::Scripted,
};

const CANARY: &str = "canary@example.com";
const HEADER_BYTES: usize = 29;
const TAG_BYTES: usize = 16;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Address {
    line1: String,
    city: Option<String>,
}

impl JsonPlaintext for Address {}

/// Two field keys, so that a changed key id can name one that exists.
async fn two_keys() -> (Keyring, EnvironmentKey, Vec<WrappedDataKey>, FieldKeys) {
    let keyring = keyring_on(Arc::new(Scripted::default()), KeyringLimits::default(), clock());
    let (key, mut data_keys) = provision(&keyring, ProviderKind::Local).await.unwrap();
    data_keys.push(keyring.generate_data_key(&key, Purpose::Fields).await.unwrap());
    let field_keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    (keyring, key, data_keys, field_keys)
}

#[tokio::test]
async fn what_was_sealed_opens_in_its_place() {
    let (_, _, _, field_keys) = two_keys().await;
    for text in ["", "a", CANARY, "\u{1f600}\0 ü", &"x".repeat(100_000)] {
        let sealed = field_keys.seal(&text.to_owned(), &EMAIL).unwrap();
        assert_eq!(sealed.as_bytes().len(), HEADER_BYTES + text.len() + TAG_BYTES);
        assert_eq!(field_keys.open(&sealed, &EMAIL).unwrap(), text);
        let again = field_keys.seal(&text.to_owned(), &EMAIL).unwrap();
        assert_ne!(sealed, again, "a fresh nonce each time");
    }
    let address = Address { line1: "1 Main Street".to_owned(), city: None };
    let sealed = field_keys.seal(&address, &EMAIL).unwrap();
    assert_eq!(field_keys.open(&sealed, &EMAIL).unwrap(), address);
}

#[tokio::test]
async fn nothing_of_the_content_is_printed_or_stored() {
    let (_, _, data_keys, field_keys) = two_keys().await;
    let sealed = field_keys.seal(&CANARY.to_owned(), &EMAIL).unwrap();
    assert_eq!(format!("{sealed:?}"), "Sealed");
    assert!(!format!("{field_keys:?}{data_keys:?}").contains("wrapped"));
    let contains = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    assert!(!contains(sealed.as_bytes()));
    let Value::Bytes(Some(bytes)) = Value::from(sealed.clone()) else { panic!("not bytes") };
    assert_eq!(stored::<String>(bytes), sealed);
    assert_eq!(Sealed::<String>::null(), Value::Bytes(None));
}

#[tokio::test]
async fn bytes_of_another_layout_are_refused() {
    let (_, _, _, field_keys) = two_keys().await;
    let sealed = field_keys.seal(&CANARY.to_owned(), &EMAIL).unwrap().as_bytes().to_vec();
    for length in 0..HEADER_BYTES + TAG_BYTES {
        let cut = stored::<String>(sealed[..length].to_vec());
        assert_eq!(field_keys.open(&cut, &EMAIL), Err(KeyringError::Malformed), "{length} bytes");
    }
    for version in (0..=255).filter(|version| *version != 1) {
        let mut other = sealed.clone();
        other[0] = version;
        assert_eq!(field_keys.open(&stored::<String>(other), &EMAIL), Err(KeyringError::Malformed));
    }
    assert_eq!(KeyringError::Malformed.class(), ErrorClass::Integrity);
}

#[tokio::test]
async fn a_value_of_another_type_does_not_become_one() {
    let (_, _, _, field_keys) = two_keys().await;
    let sealed = field_keys.seal(&CANARY.to_owned(), &EMAIL).unwrap();
    let as_address = stored::<Address>(sealed.as_bytes().to_vec());
    assert_eq!(field_keys.open(&as_address, &EMAIL), Err(KeyringError::Plaintext));
}

/// One change to a sealed value or to where it stands.
#[derive(Clone, Debug)]
enum Change {
    Bit { at: usize, bit: u8 },
    OtherKeyThatExists,
    OtherKey(u128),
    Cut { bytes: usize },
    Grown { with: u8 },
    Tenant,
    Environment,
    Table(&'static str),
    Column(&'static str),
    Row(u128),
    NamesCutElsewhere,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        12 => (any::<usize>(), 0_u8..8).prop_map(|(at, bit)| Change::Bit { at, bit }),
        1 => Just(Change::OtherKeyThatExists),
        1 => any::<u128>().prop_map(Change::OtherKey),
        1 => (1_usize..40).prop_map(|bytes| Change::Cut { bytes }),
        1 => any::<u8>().prop_map(|with| Change::Grown { with }),
        1 => Just(Change::Tenant),
        1 => Just(Change::Environment),
        1 => "[a-z_]{0,9}".prop_filter("another", |text| text != EMAIL.table).prop_map(|text| Change::Table(text.leak())),
        1 => "[a-z_]{0,9}".prop_filter("another", |text| text != EMAIL.column).prop_map(|text| Change::Column(text.leak())),
        1 => any::<u128>().prop_filter("another", |row| *row != EMAIL.row.as_u128()).prop_map(Change::Row),
        1 => Just(Change::NamesCutElsewhere),
    ]
}

struct Stage {
    keyring: Keyring,
    data_keys: Vec<WrappedDataKey>,
    key: EnvironmentKey,
    field_keys: FieldKeys,
    other_tenant: FieldKeys,
    other_environment: FieldKeys,
}

/// The neighbours hold the very same data keys: only the associated data tells them apart.
async fn stage() -> Stage {
    let (keyring, key, data_keys, field_keys) = two_keys().await;
    let other = owner();
    let other_tenant = EnvironmentKey { tenant: other.tenant, ..key.clone() };
    let other_environment = EnvironmentKey { environment: other.environment, ..key.clone() };
    let other_tenant = keyring.field_keys(&other_tenant, &data_keys).await.unwrap();
    let other_environment = keyring.field_keys(&other_environment, &data_keys).await.unwrap();
    Stage { keyring, data_keys, key, field_keys, other_tenant, other_environment }
}

fn open_changed(stage: &Stage, sealed: &Sealed<String>, change: &Change) -> Result<String, KeyringError> {
    let mut bytes = sealed.as_bytes().to_vec();
    let (mut keys, mut place) = (&stage.field_keys, EMAIL);
    match change {
        Change::Bit { at, bit } => {
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
        }
        Change::OtherKeyThatExists => {
            let used = &bytes[1..17];
            let other = stage.data_keys.iter().find(|key| key.id.as_uuid().as_bytes() != used).unwrap();
            bytes[1..17].copy_from_slice(other.id.as_uuid().as_bytes());
        }
        Change::OtherKey(id) => bytes[1..17].copy_from_slice(&id.to_be_bytes()),
        Change::Cut { bytes: count } => bytes.truncate(bytes.len().saturating_sub(*count)),
        Change::Grown { with } => bytes.push(*with),
        Change::Tenant => keys = &stage.other_tenant,
        Change::Environment => keys = &stage.other_environment,
        Change::Table(table) => place.table = table,
        Change::Column(column) => place.column = column,
        Change::Row(row) => place.row = Uuid::from_u128(*row),
        Change::NamesCutElsewhere => place = Place::new("customere", "mail", EMAIL.row),
    }
    keys.open(&stored(bytes), &place)
}

#[test]
fn ten_thousand_random_changes_and_none_opens() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stage = runtime.block_on(stage());
    let config = ProptestConfig { cases: 10_000, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&("\\PC{0,40}", change()), |(text, change)| {
            let sealed = stage.field_keys.seal(&text, &EMAIL).unwrap();
            prop_assert_eq!(stage.field_keys.open(&sealed, &EMAIL), Ok(text));
            let opened = open_changed(&stage, &sealed, &change);
            prop_assert!(
                matches!(
                    opened,
                    Err(KeyringError::Tampered | KeyringError::Malformed | KeyringError::UnknownDataKey { .. })
                ),
                "{:?} gave {:?}",
                change,
                opened
            );
            Ok(())
        })
        .unwrap();
    // The stage is sound: with nothing changed the neighbours open what they sealed themselves.
    for keys in [&stage.other_tenant, &stage.other_environment] {
        let sealed = keys.seal(&CANARY.to_owned(), &EMAIL).unwrap();
        assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), CANARY);
    }
    assert!(stage.keyring.offers(stage.key.reference.provider()));
}
