//! Claims: missing, of the wrong type, out of their time, or of tokens that are no access tokens.

use serde_json::json;
use tenancy::identity::RefusalClass;

use crate::{
    mint::{Key, with},
    world::{START, World, claims},
};

#[tokio::test]
async fn claims_are_required_typed_and_timely() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let good = claims(&url, "acme");
    let accepted = "acme/test/end_user/customer";
    for (changes, outcome) in [
        (json!({}), accepted),
        (json!({"iss": null}), "claim_missing"),
        (json!({"iss": [url]}), "claim_invalid"),
        (json!({"iss": 7}), "claim_invalid"),
        (json!({"aud": null}), "claim_missing"),
        (json!({"aud": "urn:other"}), "audience_wrong"),
        (json!({"aud": []}), "audience_wrong"),
        (json!({"aud": ""}), "audience_wrong"),
        (json!({"aud": "URN:TEST"}), "audience_wrong"),
        (json!({"aud": ["urn:test", "urn:live"]}), "audience_wrong"),
        (json!({"aud": ["urn:test", "urn:test"]}), accepted),
        (json!({"aud": ["urn:test", 7]}), "claim_invalid"),
        (json!({"aud": {"urn:test": true}}), "claim_invalid"),
        (json!({"aud": true}), "claim_invalid"),
        (json!({"exp": null}), "claim_missing"),
        (json!({"exp": (START + 600).to_string()}), "claim_invalid"),
        (json!({"exp": 1e300}), "claim_invalid"),
        (json!({"exp": [START + 600]}), "claim_invalid"),
        (json!({"exp": true}), "claim_invalid"),
        (json!({"exp": i64::MAX}), accepted),
        (json!({"exp": i64::MIN}), "token_expired"),
        (json!({"exp": 0}), "token_expired"),
        (json!({"exp": START - 59}), accepted),
        (json!({"exp": START - 60}), "token_expired"),
        (json!({"nbf": START + 60}), accepted),
        (json!({"nbf": START + 61}), "token_not_yet_valid"),
        (json!({"nbf": (START - 9).to_string()}), "claim_invalid"),
        (json!({"nbf": false}), "claim_invalid"),
        (json!({"iat": START + 61}), "token_not_yet_valid"),
        (json!({"iat": "now"}), "claim_invalid"),
        (json!({"iat": null}), accepted),
        (json!({"sub": null}), "claim_missing"),
        (json!({"sub": ""}), "claim_invalid"),
        (json!({"sub": 7}), "claim_invalid"),
        (json!({"sub": ["person-1"]}), "claim_invalid"),
        (json!({"sub": "a\u{0}b"}), "claim_invalid"),
        (json!({"sub": "x".repeat(256)}), "claim_invalid"),
        (json!({"sub": "'; DROP TABLE member --"}), accepted),
        (json!({"tenant": null}), "claim_missing"),
        (json!({"tenant": ["acme"]}), "claim_invalid"),
        (json!({"tenant": {"slug": "acme"}}), "claim_invalid"),
        (json!({"tenant": "ACME"}), "tenant_not_routable"),
        (json!({"tenant": "acme "}), "tenant_not_routable"),
        (json!({"tenant": null, "Tenant": "acme"}), "claim_missing"),
        (json!({"nonce": "n"}), "token_type_wrong"),
        (json!({"at_hash": "h"}), "token_type_wrong"),
        (json!({"events": {}}), "token_type_wrong"),
        (json!({"cnf": {"jkt": "thumbprint"}}), "token_type_wrong"),
    ] {
        let token = key.sign(&with(&good, &changes));
        assert_eq!(world.outcome(&token).await, outcome, "{changes}");
    }
    for wrong in [json!(null), json!({}), json!([])] {
        let mut explicit = good.clone();
        explicit["sub"] = wrong;
        assert_eq!(world.outcome(&key.sign(&explicit)).await, "claim_invalid", "null is a value, not an absence");
    }
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    // As OpenID Connect makes it: for the client, not for the API.
    let id_token = with(&claims(&url, "acme"), &json!({"aud": "tessera-web", "nonce": "n"}));
    let header = json!({"alg": "RS256", "kid": "k1", "typ": "JWT"});
    assert_eq!(world.outcome(&key.sign_with_header(&header, &id_token)).await, "token_type_wrong");
    let without_nonce = with(&id_token, &json!({"nonce": null}));
    assert_eq!(world.outcome(&key.sign_with_header(&header, &without_nonce)).await, "audience_wrong");
}

#[tokio::test]
async fn a_repeated_token_expires_all_the_same() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let token = key.sign(&with(&claims(&url, "acme"), &json!({"exp": START + 30})));
    // 30 seconds of its own and 60 of leeway; the second time it is among the remembered ones.
    for seconds in [60, 29] {
        world.clock.advance(seconds);
        assert_eq!(world.outcome(&token).await, "acme/test/end_user/customer");
    }
    world.clock.advance(1);
    let refusal = world.resolve(&token).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.class()), ("token_expired", RefusalClass::Expired));
}

#[tokio::test]
async fn only_a_genuine_token_is_told_that_it_expired() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let expired = with(&claims(&url, "acme"), &json!({"exp": 0}));
    let refusal = world.resolve(&Key::rsa("k1").sign(&expired)).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.class()), ("signature_invalid", RefusalClass::Unauthorized));
}

#[tokio::test]
async fn long_and_strange_texts_are_malformed() {
    let world = World::start().await;
    let key = Key::rsa("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let long = key.sign(&with(&claims(&url, "acme"), &json!({"padding": "x".repeat(8_192)})));
    assert!(long.len() > 8_192);
    let huge = "A".repeat(10_000_000);
    for text in [long.as_str(), &huge, "x", "...", "\u{0}", "Basic dXNlcg==", "sk_", "sk_prod_abc", "eyJ.eyJ.eyJ"] {
        let refusal = world.resolve(text).await.unwrap_err();
        assert_eq!(
            (refusal.code(), refusal.class()),
            ("credential_malformed", RefusalClass::Unauthorized),
            "{text:.20}"
        );
    }
    assert_eq!(world.outcome("").await, "credential_missing");
}
