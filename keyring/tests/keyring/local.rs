//! Master keys in files.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    sync::Arc,
};

use kernel::FixedClock;
use keyring::{KeyProvider, KeyState, KeyringError, LocalKeys, ProviderKind};

use crate::{
    environment::{clock, context, entropy, local_keyring, neighbours, owner},
    life::whole_life,
};

const LOCAL: ProviderKind = ProviderKind::Local;

fn open(directory: &Path, clock: &Arc<FixedClock>) -> LocalKeys {
    LocalKeys::open(directory.join("keys"), Arc::<FixedClock>::clone(clock), entropy()).unwrap()
}

fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory.join("keys"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_whole_life() {
    let (_directory, keyring) = local_keyring(&clock());
    whole_life(&keyring, LOCAL).await;
}

#[tokio::test]
async fn only_the_same_key_and_context_unwrap_and_no_changed_byte_does() {
    let directory = tempfile::tempdir().unwrap();
    let local = open(directory.path(), &clock());
    let owner_a = owner();
    let (key, other) = (local.create_key(&owner_a).await.unwrap(), local.create_key(&owner()).await.unwrap());
    let context = context(&owner_a);
    let wrapped = local.generate_data_key(&key, &context).await.unwrap();
    let material = local.unwrap(&key, &context, &wrapped).await.unwrap();
    assert_eq!(format!("{material:?}"), "DataKeyMaterial");

    for neighbour in neighbours(&context) {
        assert_eq!(local.unwrap(&key, &neighbour, &wrapped).await.unwrap_err(), KeyringError::Tampered);
    }
    assert_eq!(local.unwrap(&other, &context, &wrapped).await.unwrap_err(), KeyringError::Tampered);
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        assert!(local.unwrap(&key, &context, &changed).await.is_err(), "byte {at}");
    }
    for length in 0..wrapped.len() {
        assert!(local.unwrap(&key, &context, &wrapped[..length]).await.is_err());
    }

    local.rotate(&key).await.unwrap();
    assert_eq!(local.unwrap(&key, &context, &wrapped).await.unwrap().as_slice(), material.as_slice());
    let rewrapped = local.rewrap(&key, &other, &context, &wrapped).await.unwrap();
    assert_eq!(local.unwrap(&other, &context, &rewrapped).await.unwrap().as_slice(), material.as_slice());
}

#[tokio::test]
async fn creating_twice_or_after_a_kill_gives_one_key() {
    let directory = tempfile::tempdir().unwrap();
    let local = open(directory.path(), &clock());
    let owner = owner();
    let name = format!("{}.key", owner.environment);
    // What a run leaves behind that was killed before the file was complete.
    fs::write(directory.path().join("keys").join(format!("{name}.new")), b"TSRK").unwrap();

    let racing = (0..8).map(|_| local.create_key(&owner));
    let references: Vec<_> = futures::future::join_all(racing).await.into_iter().map(Result::unwrap).collect();
    assert!(references.iter().all(|reference| *reference == references[0]));
    assert_eq!(files(directory.path()), std::slice::from_ref(&name));
    let path = directory.path().join("keys").join(name);
    let content = fs::read(&path).unwrap();
    local.create_key(&owner).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), content);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(directory.path().join("keys")).unwrap().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn what_others_could_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let local = open(directory.path(), &clock());
    let owner = owner();
    let key = local.create_key(&owner).await.unwrap();
    let folder = directory.path().join("keys");
    let path = folder.join(format!("{}.key", key.reference()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = local.generate_data_key(&key, &context(&owner)).await.unwrap_err();
    assert!(matches!(refused, KeyringError::Configuration { key: "local_directory", .. }));

    fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
    let refused = LocalKeys::open(folder, clock(), entropy()).unwrap_err();
    assert!(matches!(refused, KeyringError::Configuration { key: "local_directory", .. }));
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_never_another_key() {
    let directory = tempfile::tempdir().unwrap();
    let local = open(directory.path(), &clock());
    let owner = owner();
    let key = local.create_key(&owner).await.unwrap();
    let folder = directory.path().join("keys");
    let path = folder.join(format!("{}.key", key.reference()));
    let content = fs::read(&path).unwrap();
    for damaged in [&content[..content.len() - 1], &content[..8], b"", b"another file of some length"] {
        fs::write(&path, damaged).unwrap();
        assert!(local.generate_data_key(&key, &context(&owner)).await.is_err());
        assert!(local.create_key(&owner).await.is_ok(), "the key is there: nothing is written over it");
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
    fs::write(&path, &content).unwrap();
    fs::write(folder.join(format!("{}.state", key.reference())), "enabld").unwrap();
    assert!(local.generate_data_key(&key, &context(&owner)).await.is_err(), "an unknown state is not enabled");
}

#[tokio::test]
async fn a_destroyed_key_leaves_a_tombstone_and_does_not_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let local = open(directory.path(), &clock());
    let owner = owner();
    let key = local.create_key(&owner).await.unwrap();
    local.destroy(&key).await.unwrap();
    local.destroy(&key).await.unwrap();
    assert_eq!(files(directory.path()), [format!("{}.state", key.reference())]);
    assert_eq!(local.state(&key).await.unwrap(), KeyState::Destroyed);
    let destroyed = KeyringError::Destroyed { provider: LOCAL };
    assert_eq!(local.create_key(&owner).await.unwrap_err(), destroyed);
    assert_eq!(local.enable(&key).await.unwrap_err(), destroyed);
    assert_eq!(local.cancel_destruction(&key).await.unwrap_err(), destroyed);

    let unknown = local.create_key(&crate::environment::owner()).await.unwrap();
    fs::remove_file(directory.path().join("keys").join(format!("{}.key", unknown.reference()))).unwrap();
    assert_eq!(local.state(&unknown).await.unwrap_err(), KeyringError::NotFound { provider: LOCAL });
    assert_eq!(local.destroy(&unknown).await.unwrap_err(), KeyringError::NotFound { provider: LOCAL });
}

#[tokio::test]
async fn a_scheduled_destruction_waits_can_be_cancelled_and_then_happens() {
    let (directory, clock) = (tempfile::tempdir().unwrap(), clock());
    let local = open(directory.path(), &clock);
    let owner = owner();
    let key = local.create_key(&owner).await.unwrap();
    assert!(matches!(local.schedule_destruction(&key, 0).await, Err(KeyringError::Unsupported { .. })));
    local.schedule_destruction(&key, 7).await.unwrap();
    let pending = KeyringError::PendingDestruction { provider: LOCAL };
    assert_eq!(local.generate_data_key(&key, &context(&owner)).await.unwrap_err(), pending);
    assert_eq!(local.enable(&key).await.unwrap_err(), pending);
    local.cancel_destruction(&key).await.unwrap();
    assert_eq!(local.state(&key).await.unwrap(), KeyState::Disabled);
    local.enable(&key).await.unwrap();
    local.generate_data_key(&key, &context(&owner)).await.unwrap();

    local.schedule_destruction(&key, 7).await.unwrap();
    clock.advance(7 * 86_400 - 1);
    assert!(matches!(local.state(&key).await.unwrap(), KeyState::PendingDestruction { due_at: Some(_) }));
    clock.advance(1);
    assert_eq!(local.state(&key).await.unwrap(), KeyState::Destroyed);
    assert_eq!(files(directory.path()), [format!("{}.state", key.reference())]);
}
