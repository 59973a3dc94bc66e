//! Keys for the fields of an environment.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, sync::Arc};

use kernel::{Clock, FixedClock, SystemEntropy};
use keyring::{EnvironmentKey, KeyOwner, Keyring, KeyringConfig, Place, ProviderKind, Purpose, Sealed, WrappedDataKey};
use sqlx::AssertSqlSafe;
use tenancy::{
    Environment,
    field_keys::{FieldKeyring, FieldKeysError},
};
use uuid::Uuid;

use crate::{mint::Key, world::World};

struct Keyed {
    world: World,
    keyring: Keyring,
    field_keyring: FieldKeyring,
    environment: Arc<Environment>,
    key: EnvironmentKey,
    _masters: tempfile::TempDir,
}

async fn keyed() -> Keyed {
    let world = World::start().await;
    let (_, issuer) = world.issuer("shared", &Key::p256("k1")).await;
    let acme = world.tenant("acme", issuer).await;
    let masters = tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap();
    let config = KeyringConfig { local_directory: Some(masters.path().to_owned()), ..KeyringConfig::default() };
    let time: Arc<dyn Clock> = world.clock.clone();
    let keyring = Keyring::connect(&config, Arc::clone(&time), Arc::new(SystemEntropy)).await.unwrap();
    let placed = Arc::clone(world.directory.snapshot().await.unwrap().by_id(acme.test.id).unwrap());
    let owner = KeyOwner { tenant: placed.tenant, environment: placed.id };
    let reference = keyring.create_key(ProviderKind::Local, &owner).await.unwrap();
    let sql = "UPDATE platform.environment SET key_reference = $1 WHERE id = $2";
    let update = sqlx::query(sql).bind(reference.reference()).bind(placed.id.as_uuid());
    update.execute(&world.admin).await.unwrap();
    world.a_second_later();
    let environment = Arc::clone(world.directory.snapshot().await.unwrap().by_id(acme.test.id).unwrap());
    let key = EnvironmentKey { tenant: environment.tenant, environment: environment.id, reference };
    let field_keyring = FieldKeyring::new(world.units.clone(), keyring.clone(), time);
    let keyed = Keyed { world, keyring, field_keyring, environment, key, _masters: masters };
    for purpose in Purpose::ALL {
        keyed.store(&keyed.keyring.generate_data_key(&keyed.key, purpose).await.unwrap()).await;
    }
    keyed
}

impl Keyed {
    async fn store(&self, data_key: &WrappedDataKey) {
        let sql =
            format!("INSERT INTO {}.data_key VALUES ($1, $2, $3, $4, $5, $6, NULL)", self.environment.schema.quoted());
        sqlx::query(AssertSqlSafe(sql))
            .bind(data_key.id.as_uuid())
            .bind(data_key.purpose.as_str())
            .bind(&data_key.wrapped)
            .bind(data_key.key.provider().as_str())
            .bind(data_key.key.reference())
            .bind(data_key.created_at)
            .execute(&self.world.admin)
            .await
            .unwrap();
    }

    async fn seal(&self, text: &str) -> Sealed<String> {
        let keys = self.field_keyring.field_keys(&self.environment).await.unwrap();
        keys.seal(&text.to_owned(), &PLACE).unwrap()
    }

    async fn open(&self, sealed: &Sealed<String>) -> String {
        self.field_keyring.field_keys(&self.environment).await.unwrap().open(sealed, &PLACE).unwrap()
    }
}

const PLACE: Place = Place { table: "customer", column: "name", row: Uuid::nil() };

#[tokio::test]
async fn fields_are_sealed_and_opened_and_survive_a_rotation_seen_late_by_others() {
    let keyed = keyed().await;
    let first = keyed.seal("Ada").await;
    assert_eq!(keyed.open(&first).await, "Ada");
    // A process that read the keys just before the rotation and has not heard of it.
    let time: Arc<dyn Clock> = keyed.world.clock.clone();
    let behind = FieldKeyring::new(keyed.world.units.clone(), keyed.keyring.clone(), time);
    keyed.world.clock.advance(100);
    behind.field_keys(&keyed.environment).await.unwrap();

    let retire =
        format!("UPDATE {}.data_key SET retired_at = $1 WHERE purpose = 'fields'", keyed.environment.schema.quoted());
    let now = keyed.world.clock.now();
    sqlx::query(AssertSqlSafe(retire)).bind(now).execute(&keyed.world.admin).await.unwrap();
    keyed.store(&keyed.keyring.generate_data_key(&keyed.key, Purpose::Fields).await.unwrap()).await;
    keyed.field_keyring.forget();

    let sealed = keyed.seal("Grace").await;
    let opened = behind.field_keys(&keyed.environment).await.unwrap().open(&sealed, &PLACE).unwrap();
    assert_eq!(opened, "Grace", "the new key seals nothing that others cannot open yet");
    keyed.world.clock.advance(5);
    let keys = keyed.field_keyring.field_keys(&keyed.environment).await.unwrap();
    assert!(keys.needs_reseal(&sealed), "by now the new key seals");
    let third = keyed.seal("Edsger").await;
    let texts = [keyed.open(&first).await, keyed.open(&sealed).await, keyed.open(&third).await];
    assert_eq!(texts, ["Ada", "Grace", "Edsger"]);
}

#[tokio::test]
async fn a_key_that_is_not_enabled_ends_sealing_and_opening_at_once() {
    let keyed = keyed().await;
    keyed.seal("Ada").await;
    for state in ["disabled", "pending_destruction", "destroyed"] {
        keyed.world.run(&format!("UPDATE platform.environment SET key_state = '{state}'")).await;
        keyed.world.a_second_later();
        let snapshot = keyed.world.directory.snapshot().await.unwrap();
        let environment = snapshot.by_id(keyed.environment.id).expect("what needs no key is still served");
        let error = keyed.field_keyring.field_keys(environment).await.unwrap_err();
        assert!(matches!(error, FieldKeysError::KeyNotEnabled(_)) && error.is_unavailable(), "{state}");
    }
}

#[tokio::test]
async fn without_postgres_there_are_no_keys_for_now() {
    let clock = Arc::new(FixedClock::new(1));
    let keyed = keyed().await;
    keyed.world.database.pool().close().await;
    let behind = FieldKeyring::new(keyed.world.units.clone(), keyed.keyring.clone(), clock);
    let error = behind.field_keys(&keyed.environment).await.unwrap_err();
    assert!(error.is_unavailable() && error.code() == "data_keys_unreadable", "{error}");
}
