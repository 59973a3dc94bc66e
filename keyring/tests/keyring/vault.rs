//! Against a real OpenBao.

use std::{fs, path::PathBuf, sync::Arc};

use keyring::{
    EnvironmentKey, ErrorClass, KeyProvider, KeyReference, KeyState, Keyring, KeyringError, KeyringLimits, LocalKeys,
    ProviderKind, VaultTransit,
};
use serde_json::{Value, json};
use stack::OpenBao;
use tempfile::TempDir;

use crate::{
    environment::{EMAIL, clock, context, entropy, keyring_on, neighbours, owner, provision},
    life::whole_life,
};

const VAULT: ProviderKind = ProviderKind::Vault;

fn provider(bao: &OpenBao, token_file: PathBuf) -> VaultTransit {
    VaultTransit::try_new(&bao.address().parse().unwrap(), "transit", token_file).unwrap()
}

fn root(bao: &OpenBao) -> VaultTransit {
    provider(bao, bao.token_file().to_path_buf())
}

/// An operator's call with the root token.
async fn operate(bao: &OpenBao, method: &str, path: &str, body: Value) -> Value {
    let url = format!("{}/v1/{path}", bao.address());
    let request = reqwest::Client::new().request(method.parse().unwrap(), url);
    let response = request.header("X-Vault-Token", bao.token()).json(&body).send().await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn a_whole_life() {
    let bao = OpenBao::start().await.unwrap();
    let keyring = keyring_on(Arc::new(root(&bao)), KeyringLimits::default(), clock());
    whole_life(&keyring, VAULT).await;
}

#[tokio::test]
async fn only_the_same_key_and_context_unwrap_and_no_changed_byte_does() {
    let bao = OpenBao::start().await.unwrap();
    let vault = root(&bao);
    let owner_a = owner();
    let (key, other) = (vault.create_key(&owner_a).await.unwrap(), vault.create_key(&owner()).await.unwrap());
    let context = context(&owner_a);
    let wrapped = vault.generate_data_key(&key, &context).await.unwrap();
    let material = vault.unwrap(&key, &context, &wrapped).await.unwrap();
    for neighbour in neighbours(&context) {
        assert_eq!(vault.unwrap(&key, &neighbour, &wrapped).await.unwrap_err(), KeyringError::Tampered);
    }
    assert_eq!(vault.unwrap(&other, &context, &wrapped).await.unwrap_err(), KeyringError::Tampered);
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let refused = vault.unwrap(&key, &context, &changed).await.err();
        assert!(refused.is_some_and(|error| !error.is_transient()), "byte {at}");
    }
    let again = vault.wrap(&other, &context, &material).await.unwrap();
    assert_eq!(vault.unwrap(&other, &context, &again).await.unwrap().as_slice(), material.as_slice());
}

#[tokio::test]
async fn creating_twice_gives_one_key_and_a_foreign_one_is_refused() {
    let bao = OpenBao::start().await.unwrap();
    let vault = root(&bao);
    let owner_a = owner();
    let key = vault.create_key(&owner_a).await.unwrap();
    let wrapped = vault.generate_data_key(&key, &context(&owner_a)).await.unwrap();
    assert_eq!(vault.create_key(&owner_a).await.unwrap(), key);
    let details = operate(&bao, "GET", &format!("transit/keys/{}", key.reference()), Value::Null).await;
    assert_eq!(details["data"]["latest_version"], 1);
    assert_eq!(details["data"]["exportable"], false);
    assert!(wrapped.starts_with(b"vault:v1:"));

    let owner_b = owner();
    let name = format!("tessera-{}", owner_b.environment.encoded());
    operate(&bao, "POST", &format!("transit/keys/{name}"), json!({"derived": true, "exportable": true})).await;
    assert!(matches!(vault.create_key(&owner_b).await, Err(KeyringError::Unexpected { .. })));

    vault.disable(&key).await.unwrap();
    assert_eq!(vault.create_key(&owner_a).await.unwrap_err(), KeyringError::Disabled { provider: VAULT });
}

#[tokio::test]
async fn rewrapping_moves_to_the_newest_version_so_that_older_ones_can_be_withdrawn() {
    let bao = OpenBao::start().await.unwrap();
    let vault = root(&bao);
    let owner = owner();
    let key = vault.create_key(&owner).await.unwrap();
    let context = context(&owner);
    let old = vault.generate_data_key(&key, &context).await.unwrap();
    let material = vault.unwrap(&key, &context, &old).await.unwrap();
    vault.rotate(&key).await.unwrap();
    let new = vault.rewrap(&key, &key, &context, &old).await.unwrap();
    assert!(new.starts_with(b"vault:v2:"));
    let config = json!({"min_decryption_version": 2});
    operate(&bao, "POST", &format!("transit/keys/{}/config", key.reference()), config).await;
    assert_eq!(vault.unwrap(&key, &context, &old).await.unwrap_err(), KeyringError::Disabled { provider: VAULT });
    assert_eq!(vault.unwrap(&key, &context, &new).await.unwrap().as_slice(), material.as_slice());
}

#[tokio::test]
async fn a_destroyed_key_is_gone_and_one_of_its_name_opens_nothing() {
    let bao = OpenBao::start().await.unwrap();
    let vault = root(&bao);
    let owner = owner();
    let key = vault.create_key(&owner).await.unwrap();
    let context = context(&owner);
    let wrapped = vault.generate_data_key(&key, &context).await.unwrap();
    vault.destroy(&key).await.unwrap();
    let gone = KeyringError::NotFound { provider: VAULT };
    assert_eq!(vault.unwrap(&key, &context, &wrapped).await.unwrap_err(), gone);
    assert_eq!(vault.state(&key).await.unwrap_err(), gone);
    assert_eq!(vault.destroy(&key).await.unwrap_err(), gone);
    vault.create_key(&owner).await.unwrap();
    assert_eq!(vault.unwrap(&key, &context, &wrapped).await.unwrap_err(), KeyringError::Tampered);
    assert_eq!(vault.state(&key).await.unwrap(), KeyState::Enabled);
    assert!(matches!(vault.schedule_destruction(&key, 7).await, Err(KeyringError::Unsupported { .. })));
}

/// A token that may use keys but neither change nor make them, as the API's own should be.
async fn user_token(bao: &OpenBao, directory: &TempDir) -> PathBuf {
    let policy = r#"path "transit/datakey/wrapped/*" { capabilities = ["update"] }
        path "transit/decrypt/*" { capabilities = ["update"] }"#;
    operate(bao, "PUT", "sys/policies/acl/user", json!({ "policy": policy })).await;
    let token = operate(bao, "POST", "auth/token/create", json!({"policies": ["user"], "no_parent": true})).await;
    let path = directory.path().join("token");
    fs::write(&path, format!("{}\n", token["auth"]["client_token"].as_str().unwrap())).unwrap();
    path
}

#[tokio::test]
async fn the_servers_policies_are_real_and_a_withdrawn_token_is_denied() {
    let (bao, directory) = (OpenBao::start().await.unwrap(), tempfile::tempdir().unwrap());
    let owner = owner();
    let key = root(&bao).create_key(&owner).await.unwrap();
    let token_file = user_token(&bao, &directory).await;
    let user = provider(&bao, token_file.clone());
    let context = context(&owner);
    let wrapped = user.generate_data_key(&key, &context).await.unwrap();
    user.unwrap(&key, &context, &wrapped).await.unwrap();
    let denied = KeyringError::Denied { provider: VAULT };
    assert_eq!(user.create_key(&owner).await.unwrap_err(), denied);
    assert_eq!(user.rotate(&key).await.unwrap_err(), denied);
    assert_eq!(user.destroy(&key).await.unwrap_err(), denied);

    let token = fs::read_to_string(&token_file).unwrap();
    operate(&bao, "POST", "auth/token/revoke", json!({"token": token.trim()})).await;
    assert_eq!(user.unwrap(&key, &context, &wrapped).await.unwrap_err(), denied);
    // An agent puts a new token into the file: the next call uses it.
    fs::write(&token_file, bao.token()).unwrap();
    user.unwrap(&key, &context, &wrapped).await.unwrap();
    fs::remove_file(&token_file).unwrap();
    let refused = user.unwrap(&key, &context, &wrapped).await.unwrap_err();
    assert!(matches!(refused, KeyringError::Configuration { key: "vault_token_file", .. }));
}

#[tokio::test]
async fn a_disabled_key_can_be_destroyed_and_acting_twice_is_no_error() {
    let bao = OpenBao::start().await.unwrap();
    let vault = root(&bao);
    let key = vault.create_key(&owner()).await.unwrap();
    vault.enable(&key).await.unwrap();
    vault.disable(&key).await.unwrap();
    vault.disable(&key).await.unwrap();
    vault.destroy(&key).await.unwrap();
    assert_eq!(vault.state(&key).await.unwrap_err(), KeyringError::NotFound { provider: VAULT });
}

#[tokio::test]
async fn an_engine_that_is_not_mounted_does_not_look_like_a_destroyed_key() {
    let bao = OpenBao::start().await.unwrap();
    let owner = owner();
    let key = root(&bao).create_key(&owner).await.unwrap();
    let lost = VaultTransit::try_new(&bao.address().parse().unwrap(), "elsewhere", bao.token_file().into()).unwrap();
    for refused in [lost.state(&key).await.err(), lost.destroy(&key).await.err()] {
        assert!(matches!(refused, Some(KeyringError::Configuration { key: "vault_mount", .. })), "{refused:?}");
    }
    for mount in ["", "/transit", "a b", "../sys"] {
        assert!(VaultTransit::try_new(&bao.address().parse().unwrap(), mount, bao.token_file().into()).is_err());
    }
}

#[tokio::test]
async fn a_server_that_is_gone_means_unavailable_and_keys_in_memory_go_on() {
    let mut bao = OpenBao::start().await.unwrap();
    let clock = clock();
    let keyring = keyring_on(Arc::new(root(&bao)), KeyringLimits::default(), clock.clone());
    let (key, data_keys) = provision(&keyring, VAULT).await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    let sealed = keys.seal(&"text".to_owned(), &EMAIL).unwrap();
    bao.kill().await.unwrap();
    let keys = keyring.field_keys(&key, &data_keys).await.unwrap();
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), "text");
    clock.advance(301);
    let error = keyring.field_keys(&key, &data_keys).await.unwrap_err();
    assert!(matches!(error, KeyringError::Unavailable { provider: VAULT, .. }));
    assert_eq!(error.class(), ErrorClass::Unavailable);
}

#[tokio::test]
async fn an_environment_moves_between_providers_without_sealing_anything_again() {
    let (bao, directory, clock) = (OpenBao::start().await.unwrap(), tempfile::tempdir().unwrap(), clock());
    let local = LocalKeys::open(directory.path().join("keys"), clock.clone(), entropy()).unwrap();
    let providers: Vec<Arc<dyn KeyProvider>> = vec![Arc::new(local), Arc::new(root(&bao))];
    let keyring = Keyring::new(providers, KeyringLimits::default(), clock, entropy());
    let (from, mut data_keys) = provision(&keyring, ProviderKind::Local).await.unwrap();
    let sealed = keyring.field_keys(&from, &data_keys).await.unwrap().seal(&"text".to_owned(), &EMAIL).unwrap();

    let owner = keyring::KeyOwner { tenant: from.tenant, environment: from.environment };
    let reference: KeyReference = keyring.create_key(VAULT, &owner).await.unwrap();
    let to = EnvironmentKey { reference, ..from.clone() };
    for data_key in &mut data_keys {
        *data_key = keyring.rewrap(data_key, &to).await.unwrap();
    }
    keyring.destroy_key(&from).await.unwrap();
    let keys = keyring.field_keys(&to, &data_keys).await.unwrap();
    assert_eq!(keys.open(&sealed, &EMAIL).unwrap(), "text");
}
