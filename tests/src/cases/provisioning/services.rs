//! Issuers and key services that refuse or are away.

use std::time::Duration;

use serde_json::json;
use stack::Moto;

use super::{is_routed, send};
use crate::app::{
    App,
    mint::{Behaviour, KeyKind},
    server::setting,
    stack::Wishes,
    tenant::{Plan, operation_end, specification},
    until::until,
};

pub async fn an_issuer_that_cannot_be_reached_is_a_clear_refusal_and_leaves_nothing(app: App) {
    let stack = app.shared().await;
    let staff = stack.staff("staff_admin");
    let nobody = format!("http://127.0.0.1:{}", stack::free_port().unwrap());
    let mut issuers = vec![("nobody listens", nobody.clone())];
    for (what, behaviour) in [
        ("an error", Behaviour::Status(500)),
        ("garbage", Behaviour::Garbage),
        ("an impostor", Behaviour::Impostor),
        ("10 MB", Behaviour::Huge(10_000_000)),
    ] {
        let issuer = stack.mint.issuer(&App::new_slug(), KeyKind::P256);
        issuer.behave(behaviour);
        issuers.push((what, issuer.url().to_owned()));
    }
    issuers.push(("no TLS to another machine", "http://id.example.com".to_owned()));
    issuers.push(("no address", "not a url".to_owned()));
    issuers.push(("a user in it", nobody.replace("http://", "http://user:pw@")));
    for (what, url) in issuers {
        let slug = App::new_slug();
        let answer = staff.post("/platform/v1/tenants", specification(&slug, &url, &Plan::default())).await;
        assert!(
            (400..500).contains(&answer.status) || answer.status == 503,
            "{what}: {} {}",
            answer.status,
            answer.text
        );
        assert_eq!(answer.error()["param"], "issuer[url]", "{what}: {}", answer.text);
        staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
        let left = format!(
            "SELECT (SELECT count(*) FROM platform.tenant WHERE slug = '{slug}') + (SELECT count(*) FROM platform.operation WHERE target = '{slug}')"
        );
        assert_eq!(stack.database.number(&left).await, 0, "{what}");
    }
}

pub async fn a_key_service_that_refuses_or_is_away_leaves_nothing_half_visible_and_is_resumed(app: App) {
    let mut moto = Moto::start().await.unwrap();
    let both = vec![
        setting("KEYRING__AWS_ENDPOINT_URL", moto.endpoint_url()),
        setting("KEYRING__AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID".to_owned(), "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "test".to_owned()),
    ];
    let stack = app.own_stack(Wishes { both, ..Wishes::default() }).await;
    let staff = stack.staff("staff_admin");
    // Not configured at all.
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, KeyKind::P256);
    let vault = Plan { key_provider: "vault", ..Plan::default() };
    let answer = staff.post("/platform/v1/tenants", specification(&slug, issuer.url(), &vault)).await;
    assert_eq!(answer.refused(400, "key_provider_missing")["param"], "key_provider");
    staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
    // A key of one's own that does not exist.
    let mut own_key = specification(&slug, issuer.url(), &Plan { key_provider: "aws", ..Plan::default() });
    let arn = |name: &str| format!("arn:aws:kms:eu-central-1:123456789012:key/{name}");
    own_key["key_reference"] = json!({"live": arn("00000000-0000-0000-0000-000000000001"), "test": arn("00000000-0000-0000-0000-000000000002")});
    let refused = staff.post("/platform/v1/tenants", own_key).await;
    if refused.status == 200 {
        let ended = operation_end(&staff, refused.json()["operation_id"].as_str().unwrap()).await;
        assert_eq!(ended["state"], "failed", "{ended}");
        assert!(ended["error"]["code"].as_str().is_some_and(|code| code.starts_with("key_")), "{ended}");
    } else {
        refused.error();
    }
    assert!(!is_routed(&stack, &slug, &issuer).await);
    // Away for a while.
    moto.kill().await.unwrap();
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, KeyKind::P256);
    let aws = Plan { key_provider: "aws", ..Plan::default() };
    let begun = staff.post("/platform/v1/tenants", specification(&slug, issuer.url(), &aws)).await.ok();
    let id = begun["operation_id"].as_str().expect("an operation").to_owned();
    let ended = operation_end(&staff, &id).await;
    assert_eq!(ended["state"], "failed", "{ended}");
    assert_eq!(ended["error"]["code"], "key_service_unavailable", "{ended}");
    assert!(ended["error"]["hint"].is_string(), "it says what to do: {ended}");
    assert!(!is_routed(&stack, &slug, &issuer).await, "half a tenant is served");
    assert_eq!(staff.get(&format!("/platform/v1/tenants/{slug}")).await.ok()["status"], "provisioning");
    moto.start_again().await.unwrap();
    send(&staff, &format!("operations/{id}/resume"), json!({})).await.ok();
    let ended = operation_end(&staff, &id).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    until(Duration::from_secs(3), || is_routed(&stack, &slug, &issuer)).await;
}
