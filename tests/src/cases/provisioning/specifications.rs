//! Specifications: repeated, contradicted, tried out dry.

use serde_json::json;

use super::send;
use crate::app::{
    App,
    mint::KeyKind,
    tenant::{Plan, specification},
};

pub async fn the_same_specification_changes_nothing_and_another_is_a_conflict(app: App) {
    let stack = app.shared().await;
    let staff = stack.staff("staff_operator");
    let tenant = app.tenant().await;
    let same = specification(&tenant.slug, tenant.issuer.url(), &Plan::default());
    let answer = staff.post("/platform/v1/tenants", same.clone()).await.ok();
    assert_eq!((&answer["changed"], answer["action"].as_str()), (&json!(false), Some("unchanged")), "{answer}");
    for (field, value) in [
        ("plan", json!("premium")),
        ("name", json!("Other")),
        ("key_provider", json!("vault")),
        ("members", json!([{"subject": "somebody-new", "role": "owner"}])),
    ] {
        let mut other = same.clone();
        other[field] = value;
        let answer = staff.post("/platform/v1/tenants", other).await;
        assert_eq!(answer.status, 409, "{field}: {}", answer.text);
        let error = answer.refused(409, "tenant_exists_with_other_spec");
        assert_eq!(error["tenant"].as_str(), Some(tenant.slug.as_str()), "{error}");
    }
    // Somebody else's own issuer cannot vouch for another tenant.
    let slug = App::new_slug();
    let answer = staff.post("/platform/v1/tenants", specification(&slug, tenant.issuer.url(), &Plan::default())).await;
    assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text);
    assert_eq!(answer.param().as_deref(), Some("issuer[url]"), "{}", answer.text);
    staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
}

pub async fn a_dry_run_checks_everything_and_changes_nothing(app: App) {
    let stack = app.shared().await;
    let staff = stack.staff("staff_admin");
    let tenant = app.tenant().await;
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, KeyKind::P256);
    let path = |rest: &str| format!("tenants/{}/{rest}?dry_run=true", tenant.slug);
    let schema_before = stack.database.contents(&tenant.test.schema).await;
    for (path, body) in [
        ("tenants?dry_run=true".to_owned(), specification(&slug, issuer.url(), &Plan::default())),
        (format!("tenants/{}?dry_run=true", tenant.slug), json!({"plan": "premium"})),
        (path("suspend"), json!({})),
        (path("offboard"), json!({"confirm": tenant.slug})),
        (path("api_keys/rotate"), json!({})),
        (path("data_keys/rotate"), json!({"mode": "test"})),
        (path("kms_keys/test/disable"), json!({})),
        (path("kms_keys/test/destroy"), json!({"confirm": tenant.slug})),
    ] {
        let answer = send(&staff, &path, body).await.ok();
        assert_eq!(answer["dry_run"], true, "{path}: {answer}");
        assert!(answer["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{path}: {answer}");
        assert!(!answer.to_string().contains("sk_test_"), "{path} shows a secret");
    }
    staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
    assert_eq!(schema_before, stack.database.contents(&tenant.test.schema).await);
    let bad = json!({"slug": "a\";drop schema", "name": "x", "key_provider": "local", "issuer": {"url": issuer.url()}});
    assert_eq!(staff.post("/platform/v1/tenants?dry_run=true", bad).await.error()["param"], "slug");
    stack
        .staff("staff_read_only")
        .post("/platform/v1/tenants?dry_run=true", specification(&slug, issuer.url(), &Plan::default()))
        .await
        .refused(403, "permission_denied");
}
