//! A tenant from creation to offboarding, every step ordered twice.

use std::time::Duration;

use serde_json::{Value, json};

use super::send;
use crate::app::{App, client::Client, tenant::operation_end, until::until_status};

async fn settled(staff: &Client, path: &str, body: Value) -> Value {
    let answer = send(staff, path, body).await.ok();
    if let Some(operation) = answer["operation_id"].as_str() {
        let ended = operation_end(staff, operation).await;
        assert_eq!(ended["state"], "succeeded", "{path}: {ended}");
    }
    answer
}

pub async fn a_tenant_lives_from_creation_to_offboarding_and_every_step_repeats_as_unchanged(app: App) {
    let stack = app.shared().await;
    let staff = stack.staff("staff_admin");
    let tenant = app.tenant().await;
    let slug = &tenant.slug;
    let path = format!("/platform/v1/tenants/{slug}");
    let object = staff.get(&path).await.ok();
    assert_eq!((object["object"].as_str(), object["status"].as_str()), (Some("tenant"), Some("active")), "{object}");
    for environment in object["environments"].as_array().expect("both environments") {
        assert_eq!(environment["state"], "active", "{environment}");
        assert_eq!(environment["schema_version"], "m0006_chained_entries", "{environment}");
        assert_eq!(environment["key"]["state"], "enabled", "{environment}");
    }
    let listed = staff.get("/platform/v1/tenants?limit=100&status=active").await.ok();
    assert!(listed["data"].as_array().unwrap().iter().any(|one| one["slug"] == slug.as_str()), "listed");

    let update = json!({"name": "Renamed", "plan": "premium", "members": [{"subject": "newcomer", "role": "owner"}]});
    let updated = settled(&staff, &format!("tenants/{slug}"), update.clone()).await;
    assert_eq!((&updated["changed"], updated["action"].as_str()), (&json!(true), Some("updated")), "{updated}");
    let repeated = settled(&staff, &format!("tenants/{slug}"), update).await;
    assert_eq!((&repeated["changed"], repeated["action"].as_str()), (&json!(false), Some("unchanged")), "{repeated}");
    let newcomer = tenant.test.end_user("newcomer");
    until_status(Duration::from_secs(3), 200, || async { newcomer.get("/v1/api_keys").await }).await;
    let renamed = staff.get(&path).await.ok();
    assert_eq!((renamed["name"].as_str(), renamed["plan"].as_str()), (Some("Renamed"), Some("premium")));
    assert!(renamed["revision"].as_i64() > object["revision"].as_i64(), "{renamed}");

    for (verb, status, served) in [("suspend", "suspended", 401), ("resume", "active", 200)] {
        for changed in [true, false] {
            let answer = settled(&staff, &format!("tenants/{slug}/{verb}"), json!({})).await;
            assert_eq!(
                (&answer["changed"], answer["object"]["status"].as_str()),
                (&json!(changed), Some(status)),
                "{answer}"
            );
        }
        until_status(Duration::from_secs(2), served, || async { tenant.test.api_key().get("/v1/wallets").await }).await;
    }

    let order = json!({"mode": "test", "overlap_seconds": 0, "name": "first", "role": "admin"});
    let rotated = settled(&staff, &format!("tenants/{slug}/api_keys/rotate"), order).await;
    let secret = rotated["object"]["keys"][0]["secret"].as_str().expect("shown once").to_owned();
    until_status(Duration::from_secs(3), 401, || async { tenant.test.api_key().get("/v1/wallets").await }).await;
    tenant.test.anonymous().with_bearer(&secret).get("/v1/wallets").await.ok();
    tenant.live.api_key().get("/v1/wallets").await.ok();
    let none_needed =
        settled(&staff, &format!("tenants/{slug}/api_keys/rotate"), json!({"name": "first", "only_if_none": true}))
            .await;
    assert_eq!(none_needed["changed"], false, "{none_needed}");

    let owner = tenant.live.member("owner");
    let customer = owner.create_customer("Ada", "ada@example.com").await;
    send(&staff, &format!("tenants/{slug}/offboard"), json!({"confirm": "other"})).await.error();
    let offboarded = settled(&staff, &format!("tenants/{slug}/offboard"), json!({"confirm": slug})).await;
    assert_eq!(offboarded["changed"], true, "{offboarded}");
    until_status(Duration::from_secs(2), 401, || async { owner.get(&format!("/v1/customers/{customer}")).await }).await;
    let again = settled(&staff, &format!("tenants/{slug}/offboard"), json!({"confirm": slug})).await;
    assert_eq!(again["changed"], false, "{again}");
    let ended = staff.get(&path).await.ok();
    assert_eq!(ended["status"], "offboarded", "{ended}");
    assert_eq!(stack.database.count(&tenant.live.schema, "customer").await, 1, "the schema is kept");
    for verb in ["resume", "suspend"] {
        assert_eq!(
            send(&staff, &format!("tenants/{slug}/{verb}"), json!({})).await.status,
            409,
            "{verb} after the end"
        );
    }
}
