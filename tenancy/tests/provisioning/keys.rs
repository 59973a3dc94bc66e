//! API keys, data keys and KMS keys of a tenant.

use kernel::Mode;
use keyring::KeyState;
use serde_json::json;
use tenancy::provisioning::{ApiKeyRotationRequest, RefusalClass, StaffCall};

use crate::world::{World, call, dry, keyed, planned, refused, request, slug, written};

fn rotation(fields: serde_json::Value) -> ApiKeyRotationRequest {
    serde_json::from_value(fields).unwrap()
}

#[tokio::test]
async fn new_api_keys_are_shown_once_and_those_before_expire() {
    let world = World::start().await;
    let tenant = world.tenant("acme").await;
    let acme = slug("acme");
    let first = written(world.control.rotate_api_keys(&call(), &acme, &rotation(json!({}))).await.unwrap());
    assert_eq!((first.action, first.object.keys.len()), ("rotated", 2));
    for (key, prefix) in first.object.keys.iter().zip(["sk_live_", "sk_test_"]) {
        let secret = key.secret.as_ref().unwrap();
        let environment = tenant.environment(key.mode).unwrap();
        assert!(secret.expose().starts_with(&format!("{prefix}{}", environment.locator)));
        assert_eq!(key.expires_previous_at, None);
        let hash = hex::encode(secret.hash());
        let stored = format!("SELECT encode(hash, 'hex') FROM {}.api_key", environment.schema.quoted());
        assert_eq!(world.text(&stored).await, hash);
    }
    let once = keyed("rotate-once");
    let second = written(
        world
            .control
            .rotate_api_keys(&once, &acme, &rotation(json!({"mode": "test", "overlap_seconds": 60})))
            .await
            .unwrap(),
    );
    assert_eq!(second.object.keys.len(), 1);
    assert!(second.object.keys[0].expires_previous_at.is_some());
    let again = written(
        world
            .control
            .rotate_api_keys(&once, &acme, &rotation(json!({"mode": "test", "overlap_seconds": 60})))
            .await
            .unwrap(),
    );
    assert!(!again.changed);
    assert_eq!(again.object.keys[0].id, second.object.keys[0].id);
    assert!(again.object.keys[0].secret.is_none(), "a secret is shown once");
    let schema = tenant.environment(Mode::Test).unwrap().schema.quoted();
    assert_eq!(world.count(&format!("SELECT count(*) FROM {schema}.api_key")).await, 2);
    assert_eq!(
        world.count(&format!("SELECT count(*) FROM {schema}.api_key WHERE expires_at < now() + interval '61 s'")).await,
        1
    );
    let stored = "SELECT coalesce(string_agg(result::text || parameters::text, ''), '') FROM platform.operation";
    assert!(!world.text(stored).await.contains("sk_"), "no secret is stored");
}

#[tokio::test]
async fn keys_of_other_names_are_left_alone_and_only_if_none_makes_none() {
    let world = World::start().await;
    let tenant = world.tenant("acme").await;
    let acme = slug("acme");
    let rotate =
        async |fields| written(world.control.rotate_api_keys(&call(), &acme, &rotation(fields)).await.unwrap());
    rotate(json!({"name": "till", "mode": "live"})).await;
    rotate(json!({"mode": "live"})).await;
    rotate(json!({"mode": "live"})).await;
    let schema = tenant.environment(Mode::Live).unwrap().schema.quoted();
    let till = format!("SELECT count(*) FROM {schema}.api_key WHERE name = 'till' AND expires_at IS NULL");
    assert_eq!(world.count(&till).await, 1);
    let none = rotate(json!({"only_if_none": true})).await;
    assert_eq!(none.object.keys.iter().map(|key| key.mode).collect::<Vec<_>>(), [Mode::Test]);
    let none = rotate(json!({"only_if_none": true})).await;
    assert_eq!((none.changed, none.object.keys.len()), (false, 0));
    let before = world.traces().await;
    assert_eq!(planned(world.control.rotate_api_keys(&dry(), &acme, &rotation(json!({}))).await.unwrap()).len(), 2);
    assert_eq!(world.traces().await, before);
    for (fields, param) in [
        (json!({"role": "staff_admin"}), "role"),
        (json!({"name": ""}), "name"),
        (json!({"overlap_seconds": 99_999_999}), "overlap_seconds"),
    ] {
        let refusal = refused(world.control.rotate_api_keys(&call(), &acme, &rotation(fields)).await);
        assert_eq!((refusal.class, refusal.param.as_deref()), (RefusalClass::Invalid, Some(param)));
    }
}

#[tokio::test]
async fn data_keys_are_replaced_and_the_old_ones_kept() {
    let world = World::start().await;
    let tenant = world.tenant("acme").await;
    written(world.control.rotate_data_keys(&call(), &slug("acme"), Some(Mode::Test)).await.unwrap());
    for (mode, rows) in [(Mode::Live, 2), (Mode::Test, 4)] {
        let schema = tenant.environment(mode).unwrap().schema.quoted();
        assert_eq!(world.count(&format!("SELECT count(*) FROM {schema}.data_key")).await, rows);
        assert_eq!(world.count(&format!("SELECT count(*) FROM {schema}.data_key WHERE retired_at IS NULL")).await, 2);
    }
    written(world.control.rotate_data_keys(&call(), &slug("acme"), None).await.unwrap());
    let schema = tenant.environment(Mode::Test).unwrap().schema.quoted();
    assert_eq!(world.count(&format!("SELECT count(*) FROM {schema}.data_key")).await, 6);
}

#[tokio::test]
async fn kms_keys_are_rotated_disabled_enabled_and_destroyed() {
    let world = World::start().await;
    let tenant = world.tenant("acme").await;
    let acme = slug("acme");
    let schema = tenant.environment(Mode::Live).unwrap().schema.quoted();
    let wrapped = format!("SELECT string_agg(encode(wrapped, 'hex'), ',' ORDER BY id) FROM {schema}.data_key");
    let before = world.text(&wrapped).await;
    let rotated = written(world.control.rotate_kms_key(&call(), &acme, Mode::Live).await.unwrap());
    assert_eq!(rotated.action, "rotated");
    assert_ne!(world.text(&wrapped).await, before, "wrapped anew");

    let unreasoned = StaffCall::new("sam", request());
    assert_eq!(&*refused(world.control.disable_kms_key(&unreasoned, &acme, Mode::Live).await).code, "reason_required");
    assert_eq!(planned(world.control.disable_kms_key(&dry(), &acme, Mode::Live).await.unwrap()).len(), 1);
    let disabled = written(world.control.disable_kms_key(&call(), &acme, Mode::Live).await.unwrap());
    assert_eq!((disabled.object.recorded, disabled.object.actual), (Some(KeyState::Disabled), Ok(KeyState::Disabled)));
    assert!(!written(world.control.disable_kms_key(&call(), &acme, Mode::Live).await.unwrap()).changed);
    let refusal = refused(world.control.rotate_data_keys(&call(), &acme, Some(Mode::Live)).await);
    assert_eq!((&*refusal.code, refusal.tenant.as_deref()), ("key_disabled", Some("acme")));
    assert!(refusal.hint.as_deref().is_some_and(|hint| hint.contains("op_")));

    let enabled = written(world.control.enable_kms_key(&call(), &acme, Mode::Live).await.unwrap());
    assert_eq!((enabled.object.recorded, enabled.object.actual), (Some(KeyState::Enabled), Ok(KeyState::Enabled)));
    for confirm in [None, Some("other")] {
        let refusal = refused(world.control.destroy_kms_key(&call(), &acme, Mode::Live, confirm).await);
        assert_eq!((&*refusal.code, refusal.param.as_deref()), ("confirmation_required", Some("confirm")));
    }
    let destroyed = written(world.control.destroy_kms_key(&call(), &acme, Mode::Live, Some("acme")).await.unwrap());
    assert_eq!(destroyed.object.recorded, Some(KeyState::Destroyed));
    assert!(!written(world.control.destroy_kms_key(&call(), &acme, Mode::Live, Some("acme")).await.unwrap()).changed);
    let test = world.control.kms_keys(&acme).await.unwrap().into_iter().find(|key| key.mode == Mode::Test).unwrap();
    assert_eq!(test.actual, Ok(KeyState::Enabled), "the other environment's key is untouched");
}
