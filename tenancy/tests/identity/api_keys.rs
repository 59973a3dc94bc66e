//! API keys: found only in the environment they name, and only while they are valid.

use kernel::{Mode, SystemEntropy};
use tenancy::identity::{ApiKeySecret, Locator, RefusalClass};
use time::{Duration, OffsetDateTime};

use crate::{
    mint::Key,
    world::{START, World},
};

async fn world_with_tenants() -> (World, crate::world::Tenant, crate::world::Tenant) {
    let world = World::start().await;
    let (_, issuer) = world.issuer("shared", &Key::p256("k1")).await;
    let (acme, globex) = (world.tenant("acme", issuer).await, world.tenant("globex", issuer).await);
    (world, acme, globex)
}

#[tokio::test]
async fn a_key_leads_to_its_environment_and_role() {
    let (world, acme, globex) = world_with_tenants().await;
    let (id, live) = world.api_key(&acme.live, "admin", None).await;
    let (_, test) = world.api_key(&acme.test, "operator", None).await;
    let (_, other) = world.api_key(&globex.test, "analyst", None).await;
    assert_eq!(world.outcome(&live).await, "acme/live/api_key/admin");
    assert_eq!(world.outcome(&test).await, "acme/test/api_key/operator");
    assert_eq!(world.outcome(&other).await, "globex/test/api_key/analyst");
    assert_eq!(world.resolve(&live).await.unwrap().actor().id(), id.to_string());
}

#[tokio::test]
async fn a_key_is_nobodys_with_another_mode_locator_or_secret() {
    let (world, acme, globex) = world_with_tenants().await;
    let (_, key) = world.api_key(&acme.test, "admin", None).await;
    let secret = &key["sk_test_".len() + 12..];
    let made_up = ApiKeySecret::generate(Mode::Test, &acme.test.locator, &SystemEntropy);
    let nowhere = ApiKeySecret::generate(Mode::Test, &Locator::generate(&SystemEntropy), &SystemEntropy);
    for (text, code) in [
        (key.replace("sk_test_", "sk_live_"), "tenant_not_routable"),
        (format!("sk_test_{}{secret}", globex.test.locator.as_str()), "api_key_unknown"),
        (format!("sk_test_{}{secret}", acme.live.locator.as_str()), "tenant_not_routable"),
        (made_up.expose().to_owned(), "api_key_unknown"),
        (nowhere.expose().to_owned(), "tenant_not_routable"),
        (format!("{key}x"), "credential_malformed"),
        (key[..key.len() - 1].to_owned(), "credential_malformed"),
        (key.to_uppercase().replace("SK_TEST_", "sk_test_"), "credential_malformed"),
        (format!("{}'", &key[..key.len() - 1]), "credential_malformed"),
        (format!("{}\u{0}", &key[..key.len() - 1]), "credential_malformed"),
    ] {
        let refusal = world.resolve(&text).await.unwrap_err();
        assert_eq!((refusal.code(), refusal.class()), (code, RefusalClass::Unauthorized), "{text}");
    }
    assert_eq!(world.outcome(&key).await, "acme/test/api_key/admin");
}

#[tokio::test]
async fn an_expired_key_is_told_so_and_a_deleted_one_is_gone_within_a_second() {
    let (world, acme, _) = world_with_tenants().await;
    let start = OffsetDateTime::from_unix_timestamp(START).unwrap();
    let (_, expiring) = world.api_key(&acme.test, "admin", Some(start + Duration::seconds(2))).await;
    let (_, deleted) = world.api_key(&acme.test, "operator", None).await;
    for key in [&expiring, &deleted] {
        assert!(world.resolve(key).await.is_ok());
    }
    world.run(&format!("DELETE FROM {}.api_key WHERE role = 'operator'", acme.test.schema.quoted())).await;
    world.a_second_later();
    assert_eq!(world.outcome(&deleted).await, "api_key_unknown");
    assert!(world.resolve(&expiring).await.is_ok());
    world.a_second_later();
    let refusal = world.resolve(&expiring).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.class()), ("api_key_expired", RefusalClass::Expired));
}

#[tokio::test]
async fn a_new_key_and_a_new_role_act_within_a_second_or_at_once_after_a_hint() {
    let (world, acme, _) = world_with_tenants().await;
    let secret = ApiKeySecret::generate(Mode::Test, &acme.test.locator, &SystemEntropy);
    assert_eq!(world.outcome(secret.expose()).await, "api_key_unknown");
    let (_, key) = world.api_key(&acme.test, "admin", None).await;
    assert_eq!(world.outcome(&key).await, "acme/test/api_key/admin");
    let change = format!("UPDATE {}.api_key SET role = 'analyst'", acme.test.schema.quoted());
    world.run(&change).await;
    assert_eq!(world.outcome(&key).await, "acme/test/api_key/admin", "remembered");
    world.resolver.forget();
    assert_eq!(world.outcome(&key).await, "acme/test/api_key/analyst");
}
