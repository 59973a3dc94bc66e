//! Against moto, which checks contexts, keys and tampering, and ignores key states.

use std::sync::Arc;

use aws_sdk_kms::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::Tag,
};
use keyring::{
    AwsKms, EnvironmentKey, ErrorClass, KeyProvider, KeyReference, KeyringError, KeyringLimits, ProviderKind,
};
use stack::Moto;

use crate::environment::{EMAIL, clock, context, keyring_on, neighbours, owner, provision};

const AWS: ProviderKind = ProviderKind::Aws;

pub(crate) fn client(endpoint: &str) -> Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

async fn key_count(client: &Client) -> usize {
    client.list_keys().limit(1_000).send().await.unwrap().keys().len()
}

#[tokio::test]
async fn only_the_same_key_and_context_unwrap_and_no_changed_byte_does() {
    let moto = Moto::start().await.unwrap();
    let aws = AwsKms::new(client(&moto.endpoint_url()));
    let owner_a = owner();
    let (key, other) = (aws.create_key(&owner_a).await.unwrap(), aws.create_key(&owner()).await.unwrap());
    let context = context(&owner_a);
    let wrapped = aws.generate_data_key(&key, &context).await.unwrap();
    let material = aws.unwrap(&key, &context, &wrapped).await.unwrap();
    for neighbour in neighbours(&context) {
        assert_eq!(aws.unwrap(&key, &neighbour, &wrapped).await.unwrap_err(), KeyringError::Tampered);
    }
    // The key is named in every call: with another one the same blob is refused.
    assert_eq!(aws.unwrap(&other, &context, &wrapped).await.unwrap_err(), KeyringError::Denied { provider: AWS });
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        let refused = aws.unwrap(&key, &context, &changed).await.err();
        assert!(refused.is_some_and(|error| !error.is_transient()), "byte {at}");
    }
    let again = aws.wrap(&other, &context, &material).await.unwrap();
    assert_eq!(aws.unwrap(&other, &context, &again).await.unwrap().as_slice(), material.as_slice());
    aws.rotate(&key).await.unwrap();
    let rewrapped = aws.rewrap(&key, &other, &context, &wrapped).await.unwrap();
    assert_eq!(aws.unwrap(&other, &context, &rewrapped).await.unwrap().as_slice(), material.as_slice());
    for neighbour in neighbours(&context) {
        assert!(aws.rewrap(&key, &other, &neighbour, &wrapped).await.is_err());
    }
}

#[tokio::test]
async fn creating_twice_or_after_a_kill_gives_one_key() {
    let moto = Moto::start().await.unwrap();
    let raw = client(&moto.endpoint_url());
    let aws = AwsKms::new(raw.clone());
    let owner_a = owner();
    let key = aws.create_key(&owner_a).await.unwrap();
    assert_eq!(aws.create_key(&owner_a).await.unwrap(), key);
    assert_eq!(key_count(&raw).await, 1);

    // Killed between creating the key and its alias: the next run finds the key and finishes.
    let owner_b = owner();
    let tag = Tag::builder().tag_key("tessera-environment").tag_value(owner_b.environment.to_string()).build().unwrap();
    let abandoned = raw.create_key().tags(tag).send().await.unwrap();
    let arn = abandoned.key_metadata().unwrap().arn().unwrap();
    assert_eq!(aws.create_key(&owner_b).await.unwrap().reference(), arn);
    assert_eq!(aws.create_key(&owner_b).await.unwrap().reference(), arn);
    assert_eq!(key_count(&raw).await, 2);
    // A key without alias that is somebody else's is left alone.
    raw.create_key().send().await.unwrap();
    let third = aws.create_key(&owner()).await.unwrap();
    assert_eq!(key_count(&raw).await, 4);
    assert_ne!(third.reference(), arn);
}

#[tokio::test]
async fn a_brought_key_is_proved_before_it_is_used_and_fields_move_to_it() {
    let moto = Moto::start().await.unwrap();
    let raw = client(&moto.endpoint_url());
    let keyring = keyring_on(Arc::new(AwsKms::new(raw.clone())), KeyringLimits::default(), clock());
    let (ours, mut data_keys) = provision(&keyring, AWS).await.unwrap();
    let sealed = keyring.field_keys(&ours, &data_keys).await.unwrap().seal(&"text".to_owned(), &EMAIL).unwrap();

    let brought = raw.create_key().description("the merchant's own").send().await.unwrap();
    let arn = brought.key_metadata().unwrap().arn().unwrap();
    let theirs = EnvironmentKey { reference: KeyReference::try_new(AWS, arn).unwrap(), ..ours.clone() };
    keyring.check_key(&theirs).await.unwrap();
    for data_key in &mut data_keys {
        *data_key = keyring.rewrap(data_key, &theirs).await.unwrap();
        assert_eq!(data_key.key, theirs.reference);
    }
    keyring.forget(ours.environment);
    let keys = keyring.field_keys(&theirs, &data_keys).await.unwrap();
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), "text");

    let missing = arn.replace("key/", "key/0");
    let nowhere = EnvironmentKey { reference: KeyReference::try_new(AWS, &missing).unwrap(), ..ours };
    assert_eq!(keyring.check_key(&nowhere).await.unwrap_err(), KeyringError::NotFound { provider: AWS });
}

#[tokio::test]
async fn a_data_key_row_of_another_tenant_does_not_unwrap() {
    let moto = Moto::start().await.unwrap();
    let aws = AwsKms::new(client(&moto.endpoint_url()));
    let keyring = keyring_on(Arc::new(aws), KeyringLimits::default(), clock());
    let (_, theirs) = provision(&keyring, AWS).await.unwrap();
    let (ours, _) = provision(&keyring, AWS).await.unwrap();
    // Copied as it stands, the row names the other tenant's KMS key, which this process may use.
    assert_eq!(keyring.field_keys(&ours, &theirs).await.unwrap_err(), KeyringError::Tampered);
}

#[tokio::test]
async fn a_service_that_is_gone_means_unavailable() {
    let mut moto = Moto::start().await.unwrap();
    let aws = AwsKms::new(client(&moto.endpoint_url()));
    let keyring = keyring_on(Arc::new(aws), KeyringLimits::default(), clock());
    let (key, data_keys) = provision(&keyring, AWS).await.unwrap();
    moto.kill().await.unwrap();
    let error = keyring.field_keys(&key, &data_keys).await.unwrap_err();
    assert!(matches!(error, KeyringError::Unavailable { provider: AWS, .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Unavailable);
}
