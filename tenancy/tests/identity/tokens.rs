//! Which tokens lead where.

use serde_json::json;

use crate::{
    mint::{Key, with},
    world::{World, claims},
};

#[tokio::test]
async fn a_token_leads_to_its_tenant_its_mode_and_its_role() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    let acme = world.tenant("acme", issuer).await;
    world.tenant("globex", issuer).await;
    world.member(&acme.live, &url, "person-1", "operator").await;

    let good = claims(&url, "acme");
    for (changes, outcome) in [
        (json!({}), "acme/test/end_user/customer"),
        (json!({"aud": "urn:live"}), "acme/live/member/operator"),
        (json!({"aud": ["urn:live"]}), "acme/live/member/operator"),
        (json!({"aud": ["urn:other", "urn:live"]}), "acme/live/member/operator"),
        (json!({"aud": "urn:live", "sub": "person-2"}), "acme/live/end_user/customer"),
        (json!({"tenant": "globex"}), "globex/test/end_user/customer"),
        (json!({"nbf": crate::world::START}), "acme/test/end_user/customer"),
    ] {
        let token = key.sign(&with(&good, &changes));
        assert_eq!(world.outcome(&token).await, outcome, "{changes}");
        assert_eq!(world.outcome(&token).await, outcome, "a repeat of {changes}");
    }
}

#[tokio::test]
async fn every_kind_of_signature_is_checked() {
    let world = World::start().await;
    let (rsa, p256, ed25519) = (Key::rsa("a"), Key::p256("b"), Key::ed25519("c"));
    let url = world.provider.issuer("shared", &[&rsa, &p256, &ed25519]);
    let issuer = world.register(&url, "RS256 PS256 ES256 EdDSA").await;
    world.tenant("acme", issuer).await;
    let good = claims(&url, "acme");
    for key in [&rsa, &p256, &ed25519] {
        let token = key.sign(&good);
        assert_eq!(world.outcome(&token).await, "acme/test/end_user/customer", "{}", key.algorithm());
        // One bit of the signature, or one letter of the payload.
        let (message, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let forged = format!("{message}.{first}{}", &signature[1..]);
        assert_eq!(world.outcome(&forged).await, "signature_invalid", "{}", key.algorithm());
        let other = key.sign(&with(&good, &json!({"sub": "person-9"})));
        let (payload, _) = other.rsplit_once('.').unwrap();
        assert_eq!(world.outcome(&format!("{payload}.{signature}")).await, "signature_invalid");
        assert_eq!(world.outcome(&format!("{message}.")).await, "signature_invalid");
        assert_eq!(world.outcome(&format!("{message}.!!")).await, "signature_invalid");
    }
    let header = json!({"alg": "PS256", "kid": "a", "typ": "JWT"});
    assert_eq!(world.outcome(&rsa.sign_with_header(&header, &good)).await, "acme/test/end_user/customer");
}

#[tokio::test]
async fn the_algorithm_is_the_issuers_choice_not_the_tokens() {
    let world = World::start().await;
    let (key, other) = (Key::rsa("k1"), Key::p256("k2"));
    let url = world.provider.issuer("shared", &[&key, &other]);
    let issuer = world.register(&url, "RS256").await;
    world.tenant("acme", issuer).await;
    let good = claims(&url, "acme");
    let none = json!({"alg": "none", "kid": "k1", "typ": "at+jwt"});
    let message = crate::mint::unsigned(&none, &good);
    for (token, code) in [
        (format!("{message}."), "algorithm_not_allowed"),
        (message.clone() + ".c2ln", "algorithm_not_allowed"),
        (key.sign_with_public_key_as_secret(&good), "algorithm_not_allowed"),
        // Published and well signed, but not with what is registered for this issuer.
        (other.sign(&good), "algorithm_not_allowed"),
        (key.sign_with_header(&json!({"alg": "PS256", "kid": "k1", "typ": "JWT"}), &good), "algorithm_not_allowed"),
        // A key of another kind under the id that the header names.
        (key.sign_with_header(&json!({"alg": "RS256", "kid": "k2", "typ": "JWT"}), &good), "signing_key_unknown"),
        (Key::rsa("k1").sign(&good), "signature_invalid"),
        (Key::rsa("k9").sign(&good), "signing_key_unknown"),
    ] {
        assert_eq!(world.outcome(&token).await, code, "{token:.80}");
    }
}

#[tokio::test]
async fn keys_that_a_token_brings_along_prove_nothing() {
    let world = World::start().await;
    let (key, own) = (Key::rsa("k1"), Key::rsa("mine"));
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let elsewhere = world.provider.issuer("elsewhere", &[&own]);
    let header = json!({
        "alg": "RS256", "kid": "mine", "typ": "JWT", "jku": format!("{elsewhere}/keys"), "jwk": own.jwk(),
        "x5u": format!("{elsewhere}/keys"), "x5c": ["AAAA"]
    });
    let token = own.sign_with_header(&header, &claims(&url, "acme"));
    assert_eq!(world.outcome(&token).await, "signing_key_unknown");
    assert_eq!(world.provider.key_requests("elsewhere"), 0);
}

#[tokio::test]
async fn an_issuer_vouches_only_for_the_tenants_it_is_registered_for() {
    let world = World::start().await;
    let (first, second) = (Key::rsa("same-id"), Key::rsa("same-id"));
    let (first_url, first_issuer) = world.issuer("first", &first).await;
    let (second_url, second_issuer) = world.issuer("second", &second).await;
    world.tenant("acme", first_issuer).await;
    world.tenant("globex", second_issuer).await;

    assert_eq!(world.outcome(&first.sign(&claims(&first_url, "acme"))).await, "acme/test/end_user/customer");
    assert_eq!(world.outcome(&second.sign(&claims(&second_url, "globex"))).await, "globex/test/end_user/customer");
    // The issuer of one tenant names another tenant.
    assert_eq!(world.outcome(&first.sign(&claims(&first_url, "globex"))).await, "tenant_not_routable");
    // Both publish a key under the same id: each verifies only its own issuer's tokens.
    assert_eq!(world.outcome(&second.sign(&claims(&first_url, "acme"))).await, "signature_invalid");
    assert_eq!(world.outcome(&first.sign(&claims(&second_url, "globex"))).await, "signature_invalid");
    // Unknown, nobody's, and almost right.
    let stranger = world.provider.issuer("stranger", &[&first]);
    for issuer in [stranger, format!("{first_url}/"), first_url.to_uppercase(), String::new()] {
        assert_eq!(world.outcome(&first.sign(&claims(&issuer, "acme"))).await, "issuer_unknown", "{issuer}");
    }
    assert_eq!(world.provider.key_requests("stranger"), 0, "nobody asks an issuer that is not registered");
}

#[tokio::test]
async fn unknown_suspended_and_foreign_tenants_are_refused_alike() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    let (other_url, other) = world.issuer("other", &key).await;
    world.tenant("acme", issuer).await;
    world.tenant("suspended", issuer).await;
    world.tenant("foreign", other).await;
    world.tenant("unfinished", issuer).await;
    world.run("UPDATE platform.tenant SET status = 'suspended' WHERE slug = 'suspended'").await;
    world
        .run(
            "UPDATE platform.environment e SET state = 'policies' FROM platform.tenant t \
               WHERE t.id = e.tenant_id AND t.slug = 'unfinished'",
        )
        .await;
    let mut answers = Vec::new();
    for slug in ["suspended", "foreign", "unfinished", "unknown", "a\";drop schema", ""] {
        let refusal = world.resolve(&key.sign(&claims(&url, slug))).await.unwrap_err();
        answers.push((refusal.class(), refusal.to_string(), refusal.code()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(world.outcome(&key.sign(&claims(&other_url, "foreign"))).await, "foreign/test/end_user/customer");
}

#[tokio::test]
async fn more_than_one_factor_is_remembered_on_the_actor() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let good = claims(&url, "acme");
    for (methods, expected) in [(json!(["pwd"]), false), (json!(["pwd", "otp"]), true), (json!(["mfa"]), true)] {
        let scope = world.resolve(&key.sign(&with(&good, &json!({"amr": methods})))).await.unwrap();
        assert_eq!(scope.actor().multi_factor(), expected, "{methods}");
    }
    let wrong = key.sign(&with(&good, &json!({"amr": "mfa"})));
    assert_eq!(world.outcome(&wrong).await, "claim_invalid");
}
