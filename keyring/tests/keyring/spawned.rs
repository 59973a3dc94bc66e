//! Units of work run in spawned tasks, so every future of the keyring must be `Send`.

use kernel::SystemClock;
use keyring::{EnvironmentKey, KeyOwner, Keyring, KeyringConfig, ProviderKind, Purpose, WrappedDataKey};

use crate::environment::{EMAIL, clock, entropy, local_keyring, owner, provision};

async fn every_call(keyring: Keyring, owner: KeyOwner, key: EnvironmentKey, data_keys: Vec<WrappedDataKey>) {
    keyring.create_key(ProviderKind::Local, &owner).await.unwrap();
    keyring.check_key(&key).await.unwrap();
    keyring.generate_data_key(&key, Purpose::Index).await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    keys.seal(&"text".to_owned(), &EMAIL).unwrap();
    keyring.rotate_key(&key).await.unwrap();
    keyring.rewrap(&data_keys[0], &key).await.unwrap();
    keyring.disable_key(&key).await.unwrap();
    keyring.enable_key(&key).await.unwrap();
    keyring.schedule_destruction(&key, 7).await.unwrap();
    keyring.cancel_destruction(&key).await.unwrap();
    keyring.destroy_key(&key).await.unwrap();
    keyring.key_state(&key).await.unwrap();
}

#[tokio::test]
async fn every_call_runs_in_a_spawned_task() {
    let (_directory, keyring) = local_keyring(&clock());
    let (key, data_keys) = provision(&keyring, ProviderKind::Local).await.unwrap();
    tokio::spawn(every_call(keyring, owner(), key, data_keys)).await.unwrap();
}

#[tokio::test]
async fn connecting_offers_what_is_configured_and_names_what_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let config = KeyringConfig {
        local_directory: Some(directory.path().join("keys")),
        aws_region: Some("eu-central-1".to_owned()),
        aws_endpoint_url: Some("http://127.0.0.1:9".to_owned()),
        ..KeyringConfig::default()
    };
    let connect = |config: KeyringConfig| {
        let task = async move { Keyring::connect(&config, std::sync::Arc::new(SystemClock), entropy()).await };
        tokio::spawn(task)
    };
    let keyring = connect(config.clone()).await.unwrap().unwrap();
    assert_eq!(ProviderKind::ALL.map(|kind| keyring.offers(kind)), [true, false, true]);

    let vault = Some("https://vault.example.com".to_owned());
    for (wrong, named) in [
        (KeyringConfig { vault_address: vault.clone(), ..config.clone() }, "keyring.vault_token_file"),
        (KeyringConfig { vault_address: Some("vault".to_owned()), ..config.clone() }, "keyring.vault_address"),
        (
            KeyringConfig { aws_endpoint_url: Some("http://10.0.0.1".to_owned()), ..config.clone() },
            "keyring.aws_endpoint_url",
        ),
        (KeyringConfig { data_key_ttl_seconds: 0, ..config.clone() }, "keyring.data_key_ttl_seconds"),
        (KeyringConfig { local_directory: Some("/proc/none".into()), ..config }, "keyring.local_directory"),
    ] {
        let message = connect(wrong).await.unwrap().unwrap_err().to_string();
        assert!(message.starts_with(named), "{message}");
    }
}
