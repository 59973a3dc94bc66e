//! Staff tokens.

use std::sync::Arc;

use kernel::FixedClock;
use serde_json::json;
use tenancy::identity::{IssuerUrl, KeySets, StaffIssuer, StaffRole, StaffVerifier};

use crate::{
    mint::{Key, with},
    provider::Provider,
    world::{START, config},
};

#[tokio::test]
async fn a_staff_token_needs_the_issuer_the_audience_and_one_of_the_roles() {
    let (provider, key) = (Provider::start().await, Key::p256("k1"));
    let url = provider.issuer("staff", &[&key]);
    let clock = Arc::new(FixedClock::new(START));
    let key_sets = KeySets::new(&config(), clock.clone()).unwrap();
    let issuer = IssuerUrl::parse(&url, true).unwrap();
    let staff = StaffIssuer { issuer, audience: "urn:tessera:platform".to_owned() };
    let verifier = StaffVerifier::new(key_sets, staff, &config(), clock);
    let good = json!({
        "iss": url, "sub": "sam", "aud": "urn:tessera:platform", "exp": START + 60, "staff_role": "staff_operator"
    });
    let who = verifier.verify_bearer(&key.sign(&good)).await.unwrap();
    assert_eq!((who.role, who.subject.subject.as_str()), (StaffRole::Operator, "sam"));
    for (changes, code) in [
        (json!({"staff_role": null}), "staff_role_missing"),
        (json!({"staff_role": "owner"}), "staff_role_missing"),
        (json!({"staff_role": "Staff_Admin"}), "staff_role_missing"),
        (json!({"staff_role": ["staff_admin"]}), "claim_invalid"),
        (json!({"aud": "urn:live"}), "audience_wrong"),
        (json!({"aud": null}), "claim_missing"),
        (json!({"iss": "https://other.example"}), "issuer_unknown"),
        (json!({"exp": START - 60}), "token_expired"),
        (json!({"exp": null}), "claim_missing"),
        (json!({"sub": null}), "claim_missing"),
        (json!({"nonce": "n"}), "token_type_wrong"),
    ] {
        let refusal = verifier.verify_bearer(&key.sign(&with(&good, &changes))).await.unwrap_err();
        assert_eq!(refusal.code(), code, "{changes}");
    }
    assert_eq!(verifier.verify_bearer("").await.unwrap_err().code(), "credential_missing");
    assert_eq!(verifier.verify_bearer("sk_live_x").await.unwrap_err().code(), "credential_malformed");
    assert_eq!(verifier.verify_bearer(&Key::p256("k1").sign(&good)).await.unwrap_err().code(), "signature_invalid");
}
