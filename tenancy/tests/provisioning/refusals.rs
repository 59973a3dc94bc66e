//! What is refused leaves nothing behind.

use std::sync::atomic::Ordering;

use serde_json::json;
use tenancy::provisioning::{RefusalClass, TenantSpec};

use crate::world::{World, call, dry, planned, refused};

#[tokio::test]
async fn bad_specifications_are_refused_by_field_and_leave_nothing() {
    let world = World::start().await;
    let before = world.traces().await;
    let nobody = world.issuers.base.replace("127.0.0.1", "127.0.0.2");
    for (change, code, param) in [
        (json!({"name": ""}), "name_invalid", "name"),
        (json!({"plan": "GOLD"}), "plan_invalid", "plan"),
        (json!({"key_provider": "aws"}), "key_provider_missing", "key_provider"),
        (json!({"key_provider": "vault"}), "key_provider_missing", "key_provider"),
        (
            json!({"issuer": {"url": "http://id.example.com", "algorithms": ["ES256"]}}),
            "issuer_url_invalid",
            "issuer[url]",
        ),
        (json!({"issuer": {"url": "ftp://127.0.0.1", "algorithms": ["ES256"]}}), "issuer_url_invalid", "issuer[url]"),
        (json!({"issuer": {"url": world.issuers.url("down")}}), "issuer_unreachable", "issuer[url]"),
        (json!({"issuer": {"url": world.issuers.url("a/b/nowhere")}}), "issuer_unreachable", "issuer[url]"),
        (json!({"issuer": {"url": nobody}}), "issuer_unreachable", "issuer[url]"),
        (
            json!({"issuer": {"url": world.issuers.url("x"), "algorithms": ["HS256"]}}),
            "algorithm_not_allowed",
            "issuer[algorithms][0]",
        ),
        (
            json!({"issuer": {"url": world.issuers.url("x"), "audience_live": "a", "audience_test": "a"}}),
            "audiences_equal",
            "issuer[audience_test]",
        ),
        (json!({"members": [{"subject": "x", "role": "god"}]}), "role_invalid", "members[0][role]"),
        (json!({"members": [{"subject": "x", "role": "staff_admin"}]}), "role_invalid", "members[0][role]"),
    ] {
        let spec = world.spec_with("acme", |spec| {
            for (field, value) in change.as_object().unwrap() {
                spec[field] = value.clone();
            }
        });
        for call in [call(), dry()] {
            let refusal = refused(world.control.create_tenant(&call, spec.clone()).await);
            assert_eq!((&*refusal.code, refusal.param.as_deref()), (code, Some(param)), "{change}");
            assert_eq!((refusal.class, refusal.tenant.as_deref()), (RefusalClass::Invalid, Some("acme")), "{change}");
        }
    }
    world.issuers.lying.store(true, Ordering::SeqCst);
    let refusal = refused(world.control.create_tenant(&call(), world.spec("acme")).await);
    assert_eq!((&*refusal.code, refusal.param.as_deref()), ("issuer_unreachable", Some("issuer[url]")));
    assert_eq!(world.traces().await, before);
}

#[tokio::test]
async fn a_slug_is_no_way_into_sql() {
    let world = World::start().await;
    for bad in ["a\";drop schema", "a'; drop table platform.tenant; --", "public", "PG_TEMP", "a", "acme\u{0}"] {
        let mut spec = serde_json::to_value(world.spec("acme")).unwrap();
        spec["slug"] = json!(bad);
        if bad != "public" {
            assert!(serde_json::from_value::<TenantSpec>(spec).is_err(), "{bad}");
        }
    }
}

#[tokio::test]
async fn a_dry_run_checks_everything_and_changes_nothing() {
    let world = World::start().await;
    let before = world.traces().await;
    let plan = planned(world.control.create_tenant(&dry(), world.spec("acme")).await.unwrap());
    assert_eq!(plan, [("create".to_owned(), None)]);
    assert_eq!(world.traces().await, before);
    world.tenant("acme").await;
    assert!(planned(world.control.create_tenant(&dry(), world.spec("acme")).await.unwrap()).is_empty());
}

#[tokio::test]
async fn refusals_are_in_the_audit_log() {
    let world = World::start().await;
    world.control.record_refusal(&call(), "tenant.create", Some("acme"), "permission_denied").await;
    let row = "SELECT concat_ws(' ', actor, action, target, outcome, code, reason) FROM platform.audit_record";
    assert_eq!(world.text(row).await, "sam tenant.create acme refused permission_denied a test");
}
