//! Where keys come from: rotation, withdrawal, providers that are down, slow or hostile.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tenancy::identity::{IssuerUrl, RefusalClass};
use tokio::time::{sleep, timeout};

use crate::{
    mint::{Key, with},
    world::{World, claims, config},
};

const ACCEPTED: &str = "acme/test/end_user/customer";

/// A token that lasts for hours, so that only keys are in question.
fn lasting(url: &str) -> serde_json::Value {
    with(&claims(url, "acme"), &json!({"exp": crate::world::START + 100_000}))
}

#[tokio::test]
async fn a_rotated_key_is_found_and_a_withdrawn_one_is_gone_with_the_next_refresh() {
    let world = World::start().await;
    let (old, new) = (Key::rsa("old"), Key::rsa("new"));
    let (url, issuer) = world.issuer("shared", &old).await;
    world.tenant("acme", issuer).await;
    let (with_old, with_new) = (old.sign(&lasting(&url)), new.sign(&lasting(&url)));
    assert_eq!(world.outcome(&with_old).await, ACCEPTED);

    world.provider.change("shared", |issuer| issuer.keys = vec![old.jwk(), new.jwk()]);
    assert_eq!(world.outcome(&with_new).await, ACCEPTED, "a new key is fetched when it is first seen");
    assert_eq!(world.outcome(&with_old).await, ACCEPTED);

    world.provider.change("shared", |issuer| issuer.keys = vec![new.jwk()]);
    assert_eq!(world.outcome(&with_old).await, ACCEPTED, "served from what is remembered");
    world.clock.advance(300);
    assert_eq!(world.outcome(&with_old).await, "signing_key_unknown", "though this very token was accepted before");
    assert_eq!(world.outcome(&with_new).await, ACCEPTED);
}

#[tokio::test]
async fn another_key_under_the_same_id_ends_the_tokens_of_the_old_one() {
    let world = World::start().await;
    let (old, new) = (Key::rsa("k1"), Key::rsa("k1"));
    let (url, issuer) = world.issuer("shared", &old).await;
    world.tenant("acme", issuer).await;
    let token = old.sign(&lasting(&url));
    assert_eq!(world.outcome(&token).await, ACCEPTED);
    // Checked in full once more, with less time left to the set than a checked token is remembered.
    world.provider.change("shared", |issuer| issuer.down = true);
    world.clock.advance(250);
    assert_eq!(world.outcome(&token).await, ACCEPTED);
    world.clock.advance(49);
    assert_eq!(world.outcome(&token).await, ACCEPTED);
    world.provider.change("shared", |issuer| (issuer.down, issuer.keys) = (false, vec![new.jwk()]));
    world.clock.advance(5);
    assert_eq!(world.outcome(&token).await, "signature_invalid");
    assert_eq!(world.outcome(&new.sign(&lasting(&url))).await, ACCEPTED);
}

#[tokio::test]
async fn while_the_provider_is_down_known_keys_serve_until_their_time_is_over() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let token = key.sign(&lasting(&url));
    assert_eq!(world.outcome(&token).await, ACCEPTED);
    world.provider.change("shared", |issuer| issuer.down = true);
    for _ in 0..299 {
        world.clock.advance(1);
        assert_eq!(world.outcome(&token).await, ACCEPTED);
    }
    world.clock.advance(1);
    let refusal = world.resolve(&token).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.class()), ("identity_provider_unavailable", RefusalClass::Unavailable));
    world.provider.change("shared", |issuer| issuer.down = false);
    assert_eq!(world.outcome(&token).await, "identity_provider_unavailable", "not asked again at once");
    world.clock.advance(5);
    assert_eq!(world.outcome(&token).await, ACCEPTED);
}

#[tokio::test]
async fn keys_are_refreshed_before_their_time_is_over() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let token = key.sign(&lasting(&url));
    assert_eq!(world.outcome(&token).await, ACCEPTED);
    world.clock.advance(239);
    assert_eq!(world.outcome(&token).await, ACCEPTED);
    assert_eq!(world.provider.key_requests("shared"), 1);
    world.clock.advance(1);
    for _ in 0..50 {
        assert_eq!(world.outcome(&token).await, ACCEPTED);
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(world.provider.key_requests("shared"), 2, "once, in the background");
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_makes_one_request_an_interval() {
    let world = World::start().await;
    let (key, stranger) = (Key::p256("k1"), Key::p256("x"));
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    assert_eq!(world.outcome(&key.sign(&lasting(&url))).await, ACCEPTED);
    assert_eq!(world.provider.key_requests("shared"), 1);
    let strange = |number: usize| {
        let id = format!("../{number}'\u{0}<script>");
        stranger.sign_with_header(&json!({"alg": "ES256", "kid": id, "typ": "JWT"}), &lasting(&url))
    };
    for interval in 1..=3_u32 {
        let tokens: Vec<String> = (0..300).map(strange).collect();
        let outcomes = join_all(tokens.iter().map(|token| world.outcome(token))).await;
        assert!(outcomes.iter().all(|outcome| outcome == "signing_key_unknown"));
        assert_eq!(world.provider.key_requests("shared"), 1 + interval);
        world.clock.advance(29);
        assert_eq!(world.outcome(&strange(0)).await, "signing_key_unknown");
        assert_eq!(world.provider.key_requests("shared"), 1 + interval, "the interval of 30 s is not over");
        assert_eq!(world.outcome(&key.sign(&lasting(&url))).await, ACCEPTED, "known keys are not held up");
        world.clock.advance(1);
    }
}

#[tokio::test]
async fn many_first_requests_ask_the_provider_once() {
    let world = World::start().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let token = key.sign(&lasting(&url));
    let outcomes = join_all((0..100).map(|_| world.outcome(&token))).await;
    assert!(outcomes.iter().all(|outcome| outcome == ACCEPTED));
    assert_eq!(world.provider.key_requests("shared"), 1);
}

#[tokio::test]
async fn a_failing_provider_is_not_hammered() {
    let world = World::start().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    world.provider.change("shared", |issuer| issuer.nonsense = Some("{}"));
    let token = key.sign(&lasting(&url));
    let outcomes = join_all((0..100).map(|_| world.outcome(&token))).await;
    assert!(outcomes.iter().all(|outcome| outcome == "identity_provider_unavailable"));
    assert_eq!(world.provider.key_requests("shared"), 1);
}

/// Makes an issuer misbehave.
type Change = Box<dyn FnOnce(&mut crate::provider::Behaviour)>;

#[tokio::test]
async fn hostile_answers_are_refused() {
    let world = World::start().await;
    let key = Key::p256("k1");
    let token_of = |url: &str| key.sign(&lasting(url));
    let (victim_url, victim) = world.issuer("victim", &key).await;
    world.tenant("victim", victim).await;
    let many: Vec<_> = (0..33).map(|number| with(&key.jwk(), &json!({"kid": number.to_string()}))).collect();
    let victim_discovery = format!("{victim_url}/.well-known/openid-configuration");
    let victim_keys = format!("{victim_url}/keys");
    let cases: Vec<(&str, Change)> = vec![
        ("huge", Box::new(|issuer| issuer.padding_bytes = 10_000_000)),
        ("many", Box::new(move |issuer| issuer.keys = many)),
        ("moved", Box::new(move |issuer| issuer.discovery_moved_to = Some(victim_discovery))),
        ("keys-moved", Box::new(move |issuer| issuer.keys_moved_to = Some(victim_keys))),
        ("other", Box::new(|issuer| issuer.issuer = Some("https://other.example".to_owned()))),
        ("plain", Box::new(|issuer| issuer.jwks_uri = Some("http://keys.example/keys".to_owned()))),
        ("file", Box::new(|issuer| issuer.jwks_uri = Some("file:///etc/passwd".to_owned()))),
        ("relative", Box::new(|issuer| issuer.jwks_uri = Some("/keys".to_owned()))),
        ("not-json", Box::new(|issuer| issuer.nonsense = Some("<html>"))),
        ("no-list", Box::new(|issuer| issuer.nonsense = Some(r#"{"keys":{}}"#))),
        ("down", Box::new(|issuer| issuer.down = true)),
    ];
    for (name, change) in cases {
        let (url, issuer) = world.issuer(name, &key).await;
        world.tenant(&format!("tenant-{name}"), issuer).await;
        world.provider.change(name, change);
        world.a_second_later();
        assert_eq!(world.outcome(&token_of(&url)).await, "identity_provider_unavailable", "{name}");
        assert!(world.key_sets.probe(&IssuerUrl::parse(&url, true).unwrap()).await.is_err(), "{name}");
    }
    assert_eq!(world.provider.key_requests("victim"), 0, "no redirect was followed");
}

#[tokio::test]
async fn shared_secrets_and_encryption_keys_in_a_set_are_passed_over() {
    let world = World::start().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    world.provider.change("shared", |issuer| {
        issuer.keys = vec![
            json!({"kty": "oct", "kid": "k1", "k": "c2VjcmV0", "alg": "HS256"}),
            with(&Key::p256("k1").jwk(), &json!({"use": "enc"})),
            json!("nonsense"),
            key.jwk(),
        ];
    });
    assert_eq!(world.outcome(&key.sign(&lasting(&url))).await, ACCEPTED);
    assert_eq!(world.key_sets.probe(&IssuerUrl::parse(&url, true).unwrap()).await.unwrap(), 1);
}

#[tokio::test]
async fn an_empty_set_withdraws_every_key() {
    let world = World::start().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let token = key.sign(&lasting(&url));
    assert_eq!(world.outcome(&token).await, ACCEPTED);
    world.provider.change("shared", |issuer| issuer.keys.clear());
    world.clock.advance(300);
    assert_eq!(world.outcome(&token).await, "signing_key_unknown");
}

#[tokio::test]
async fn an_issuer_over_plain_http_is_not_asked_unless_that_is_allowed() {
    let strict = tenancy::identity::IdentityConfig { allow_http_issuers: false, ..config() };
    let postgres = crate::world::cluster().await;
    let world = World::start_with(strict, postgres).await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    assert_eq!(world.outcome(&key.sign(&lasting(&url))).await, "identity_provider_unavailable");
    assert_eq!(world.provider.key_requests("shared"), 0);
}

#[tokio::test]
async fn who_hangs_up_does_not_waste_the_request_to_the_provider() {
    let world = World::start().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let token = key.sign(&lasting(&url));
    // The directory is warm, so that the time is spent at the provider.
    assert_eq!(world.outcome(&key.sign(&claims("https://nobody.example", "acme"))).await, "issuer_unknown");
    world.provider.change("shared", |issuer| issuer.delay_ms = 2_000);
    for _ in 0..3 {
        let question = timeout(Duration::from_millis(100), world.outcome(&token));
        assert!(question.await.is_err(), "the answer cannot be there yet");
    }
    assert_eq!(world.outcome(&token).await, ACCEPTED);
    assert_eq!(world.provider.key_requests("shared"), 1);
}
