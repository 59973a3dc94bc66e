//! Changes that must act within a second on every process.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use crate::app::{
    App,
    client::Client,
    server::{Server, setting},
    tenant::Tenant,
};

/// How soon a change must act everywhere.
const ACTS_WITHIN: Duration = Duration::from_secs(1);

/// A second process beside the shared one.
async fn two_processes(app: &App) -> (Server, Tenant) {
    let stack = app.shared().await;
    // Without Redis the second process hears no hints: the bound has to hold by itself.
    let deaf = stack.another_api(vec![setting("REDIS__URL", "")]).await;
    (deaf, app.tenant().await)
}

/// How long after now every process answers as wanted, asked about without pause.
async fn acts_everywhere(app: &App, what: &str, clients: &[Client], path: &str, wanted: u16) {
    let began = Instant::now();
    let last_old_answer = join_all(clients.iter().map(|client| async move {
        let mut last = Duration::ZERO;
        while began.elapsed() < ACTS_WITHIN * 3 {
            let asked = began.elapsed();
            if client.get(path).await.status != wanted {
                last = asked;
            }
            sleep(Duration::from_millis(15)).await;
        }
        last
    }))
    .await;
    app.note(format!(
        "{what}: the last request served the old way was sent after {last_old_answer:.0?} (with hints, without)"
    ));
    assert!(last_old_answer.iter().all(|last| *last <= ACTS_WITHIN), "{what}: {last_old_answer:?}");
    for client in clients {
        assert_eq!(client.get(path).await.status, wanted, "{what}");
    }
}

pub async fn a_suspended_tenant_is_refused_within_a_second_on_every_process(app: App) {
    let stack = app.shared().await;
    let (deaf, tenant) = two_processes(&app).await;
    let staff = stack.staff("staff_admin");
    let clients =
        [tenant.test.api_key(), tenant.test.at(&deaf).await.api_key(), tenant.live.at(&deaf).await.member("owner")];
    for client in &clients {
        client.get("/v1/wallets").await.ok();
    }
    let suspended = staff.post(&format!("/platform/v1/tenants/{}/suspend", tenant.slug), json!({})).await;
    assert_eq!(suspended.refused(400, "reason_required")["param"], "reason");
    order(&staff, &tenant, "suspend").await;
    acts_everywhere(&app, "suspended", &clients, "/v1/wallets", 401).await;
    let body = clients[0].get("/v1/wallets").await.text;
    assert_eq!(body, tenant.test.anonymous().get("/v1/wallets").await.text, "suspended looks like unknown");
    order(&staff, &tenant, "resume").await;
    acts_everywhere(&app, "resumed", &clients, "/v1/wallets", 200).await;
}

/// A verb on a tenant, with a reason.
async fn order(staff: &Client, tenant: &Tenant, verb: &str) {
    let extras = crate::app::client::Extras {
        body: Some(json!({})),
        headers: vec![("tessera-reason".to_owned(), "a test".to_owned())],
        ..Default::default()
    };
    staff.send("POST", &format!("/platform/v1/tenants/{}/{verb}", tenant.slug), extras).await.ok();
}

pub async fn a_role_taken_away_acts_within_a_second_on_every_process(app: App) {
    let (deaf, tenant) = two_processes(&app).await;
    let owner = tenant.test.member("owner");
    let subject = "a-person";
    let body = json!({"issuer": tenant.issuer.url(), "subject": subject, "role": "admin"});
    let member = owner.post("/v1/members", body).await.id();
    let clients = [tenant.test.end_user(subject), tenant.test.at(&deaf).await.end_user(subject)];
    acts_everywhere(&app, "a new admin", &clients, "/v1/api_keys", 200).await;
    owner.post(&format!("/v1/members/{member}"), json!({"role": "read_only"})).await.ok();
    acts_everywhere(&app, "admin no more", &clients, "/v1/api_keys", 403).await;
    owner.delete(&format!("/v1/members/{member}")).await.ok();
    acts_everywhere(&app, "member no more", &clients, "/v1/customers", 403).await;
}

pub async fn a_changed_policy_acts_within_a_second_on_every_process(app: App) {
    let (deaf, tenant) = two_processes(&app).await;
    let owner = tenant.test.member("owner");
    let rules = json!([{"object": "wallet", "action": "list"}]);
    owner.post("/v1/roles", json!({"name": "looker", "rules": rules})).await.ok();
    let body = json!({"issuer": tenant.issuer.url(), "subject": "a-looker", "role": "looker"});
    owner.post("/v1/members", body).await.ok();
    let clients = [tenant.test.end_user("a-looker"), tenant.test.at(&deaf).await.end_user("a-looker")];
    acts_everywhere(&app, "a new role", &clients, "/v1/wallets", 200).await;
    owner.post("/v1/roles/looker", json!({"rules": []})).await.ok();
    acts_everywhere(&app, "a rule removed", &clients, "/v1/wallets", 403).await;
    owner.post("/v1/roles/looker", json!({"rules": rules})).await.ok();
    acts_everywhere(&app, "a rule added", &clients, "/v1/wallets", 200).await;
    owner.delete("/v1/roles/looker").await.refused(409, "role_in_use");
}

pub async fn a_revoked_key_is_refused_within_a_second_on_every_process(app: App) {
    let (deaf, tenant) = two_processes(&app).await;
    let owner = tenant.test.member("owner");
    let created = owner.post("/v1/api_keys", json!({"name": "till", "role": "operator"})).await.ok();
    let secret = created["secret"].as_str().expect("shown once");
    let clients =
        [tenant.test.anonymous().with_bearer(secret), tenant.test.at(&deaf).await.anonymous().with_bearer(secret)];
    acts_everywhere(&app, "a new key", &clients, "/v1/wallets", 200).await;
    owner.delete(&format!("/v1/api_keys/{}", created["id"].as_str().unwrap())).await.ok();
    acts_everywhere(&app, "a revoked key", &clients, "/v1/wallets", 401).await;
    let listed = owner.get("/v1/api_keys").await;
    assert!(!listed.text.contains(secret), "a secret is shown again");
}
