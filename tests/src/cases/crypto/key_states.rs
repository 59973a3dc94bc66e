//! Keys that are rotated, off, away or gone, with every provider of them.

use std::time::Duration;

use serde_json::{Value, json};
use stack::{MiniStack, Moto, OpenBao};

use super::{DATA_KEY_TTL_SECONDS, customer, files_of, guarded::Guarded, short_lived_keys};
use crate::app::{
    App,
    client::{Client, Extras},
    server::setting,
    stack::{Stack, Wishes},
    tenant::Tenant,
    until::until,
};

/// How soon a key's state must act.
const ACTS_WITHIN: Duration = Duration::from_secs(1);

pub async fn data_keys_rotate_and_everything_stays_readable(app: App) {
    let stack = app.shared().await;
    let tenant = app.tenant().await;
    let (owner, staff) = (tenant.test.member("owner"), stack.staff("staff_admin"));
    let (old, _) = customer(&owner, "Older").await;
    let key_of = |id: &str| {
        let uuid = id.parse::<kernel::CustomerId>().unwrap().as_uuid();
        format!(
            "SELECT encode(substring(name FROM 2 FOR 16), 'hex') FROM {}.customer WHERE id = '{uuid}'",
            tenant.test.schema
        )
    };
    order(&staff, &tenant, "data_keys/rotate", json!({"mode": "test"})).await;
    let waited = until(Duration::from_secs(10), || async {
        let (new, _) = customer(&owner, "Newer").await;
        stack.database.texts(&key_of(&new)).await != stack.database.texts(&key_of(&old)).await
    })
    .await;
    app.note(format!("new rows are sealed under the new key {waited:.1?} after the rotation"));
    assert_eq!(owner.get(&format!("/v1/customers/{old}")).await.ok()["name"], "Older");
    let (newer, _) = customer(&owner, "Newest").await;
    assert_eq!(owner.get(&format!("/v1/customers/{newer}")).await.ok()["name"], "Newest");
    for (email, name) in [("older@example.com", "Older"), ("newest@example.com", "Newest")] {
        let found = owner.get(&format!("/v1/customers?email={email}")).await.ok();
        assert_eq!(found["data"][0]["name"], name, "found over the rotation of the index key");
    }
    order(&staff, &tenant, "kms_keys/test/rotate", json!({})).await;
    assert_eq!(owner.get(&format!("/v1/customers/{old}")).await.ok()["name"], "Older");
}

/// A write of the staff API, with a reason, carried to its end.
async fn order(staff: &Client, tenant: &Tenant, what: &str, body: Value) -> Value {
    let headers = vec![("tessera-reason".to_owned(), "a test".to_owned())];
    let extras = Extras { body: Some(body), headers, ..Extras::default() };
    let answer = staff.send("POST", &format!("/platform/v1/tenants/{}/{what}", tenant.slug), extras).await.ok();
    if let Some(operation) = answer["operation_id"].as_str() {
        let ended = crate::app::tenant::operation_end(staff, operation).await;
        assert_eq!(ended["state"], "succeeded", "{what}: {ended}");
    }
    answer
}

pub async fn an_aws_key_service_that_is_silent_stops_what_needs_it_and_nothing_else(app: App) {
    let moto = Moto::start().await.unwrap();
    let stack = app.own_stack(aws(&moto.endpoint_url())).await;
    let guarded = Guarded::set(&app, &stack, "aws").await;
    assert!(guarded.opens().await);
    moto.pause();
    // Unwrapped keys serve for their time to live, and the live side's are as old.
    let waited = guarded.closes_within(Duration::from_secs(30)).await;
    app.note(format!("closed {waited:.1?} after AWS fell silent, with a time to live of {DATA_KEY_TTL_SECONDS} s"));
    let answer = guarded.owner.get(&format!("/v1/customers/{}", guarded.customer)).await;
    answer.refused(503, "key_unavailable");
    let (source, destination) = &guarded.wallets;
    guarded.owner.transfer(source, destination, 1).await.ok();
    moto.resume();
    let waited = until(Duration::from_secs(30), || guarded.opens()).await;
    app.note(format!("open again {waited:.1?} after AWS answered again"));
    app.check_invariants().await;
}

/// A stack with AWS KMS at this address.
fn aws(endpoint_url: &str) -> Wishes {
    let mut both = short_lived_keys();
    both.extend([
        setting("KEYRING__AWS_ENDPOINT_URL", endpoint_url),
        setting("KEYRING__AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID".to_owned(), "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "test".to_owned()),
    ]);
    Wishes { both, ..Wishes::default() }
}

pub async fn an_aws_key_that_is_disabled_stops_what_needs_it_and_nothing_else(app: App) {
    let ministack = MiniStack::start().await.unwrap();
    let stack = app.own_stack(aws(&ministack.endpoint_url())).await;
    let staff = stack.staff("staff_admin");
    let guarded = Guarded::set(&app, &stack, "aws").await;
    order(&staff, &guarded.tenant, "kms_keys/test/disable", json!({})).await;
    let waited = guarded.closes_within(ACTS_WITHIN * 2).await;
    app.note(format!("closed {waited:.1?} after the key was disabled"));
    assert!(waited <= ACTS_WITHIN, "{waited:?}");
    guarded.assert_closed(&stack, 503).await;
    order(&staff, &guarded.tenant, "kms_keys/test/enable", json!({})).await;
    let waited = until(ACTS_WITHIN * 5, || guarded.opens()).await;
    app.note(format!("open again {waited:.1?} after the key was enabled"));
    // Disabled behind Tessera's back, at the key service itself.
    let reference =
        format!("SELECT key_reference FROM platform.environment WHERE schema_name = '{}'", guarded.tenant.test.schema);
    let key = stack.database.texts(&reference).await.remove(0);
    kms(&ministack.endpoint_url(), "DisableKey", &json!({"KeyId": key})).await;
    let waited = guarded.closes_within(Duration::from_secs(DATA_KEY_TTL_SECONDS + 5)).await;
    app.note(format!(
        "closed {waited:.1?} after the key was disabled at AWS, with a time to live of {DATA_KEY_TTL_SECONDS} s"
    ));
    guarded.assert_closed(&stack, 503).await;
    kms(&ministack.endpoint_url(), "EnableKey", &json!({"KeyId": key})).await;
    until(Duration::from_secs(15), || guarded.opens()).await;
    app.check_invariants().await;
}

/// Asks the emulated KMS itself.
async fn kms(endpoint_url: &str, action: &str, body: &Value) {
    let authorization =
        "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/kms/aws4_request, SignedHeaders=host, Signature=0";
    let request = reqwest::Client::new().post(endpoint_url).header("x-amz-target", format!("TrentService.{action}"));
    let request = request.header("authorization", authorization).header("content-type", "application/x-amz-json-1.1");
    let response = request.body(body.to_string()).send().await.unwrap();
    assert!(response.status().is_success(), "{action}: {}", response.text().await.unwrap());
}

/// Disables, enables and destroys the test side's key, and looks whether it stays closed.
async fn destroy_for_good(app: &App, stack: &mut Stack, guarded: &Guarded) {
    let staff = stack.staff("staff_admin");
    order(&staff, &guarded.tenant, "kms_keys/test/disable", json!({})).await;
    let waited = guarded.closes_within(ACTS_WITHIN * 2).await;
    app.note(format!("closed {waited:.1?} after the key was disabled"));
    assert!(waited <= ACTS_WITHIN, "{waited:?}");
    guarded.assert_closed(stack, 503).await;
    order(&staff, &guarded.tenant, "kms_keys/test/enable", json!({})).await;
    until(ACTS_WITHIN * 5, || guarded.opens()).await;
    let path = format!("/platform/v1/tenants/{}/kms_keys/test/destroy", guarded.tenant.slug);
    let unconfirmed = staff.post(&path, json!({})).await;
    assert_eq!(unconfirmed.status, 400, "a destruction without a confirmation: {}", unconfirmed.text);
    assert!(guarded.opens().await);
    order(&staff, &guarded.tenant, "kms_keys/test/destroy", json!({"confirm": guarded.tenant.slug})).await;
    let waited = guarded.closes_within(ACTS_WITHIN * 2).await;
    app.note(format!("closed {waited:.1?} after the key was destroyed"));
    assert!(waited <= ACTS_WITHIN, "{waited:?}");
    for _ in 0..2 {
        let read = guarded.owner.get(&format!("/v1/customers/{}", guarded.customer)).await;
        guarded.assert_closed(stack, read.status).await;
        // A new process has nothing in memory that could open anything.
        stack.api.kill().await;
        stack.api.start_again().await;
        assert!(!guarded.opens().await, "a restart opens it again");
    }
    let path = format!("/platform/v1/tenants/{}/kms_keys/test/enable", guarded.tenant.slug);
    let headers = vec![("tessera-reason".to_owned(), "a test".to_owned())];
    let answer = staff.send("POST", &path, Extras { body: Some(json!({})), headers, ..Extras::default() }).await;
    if let Some(operation) =
        answer.status.eq(&200).then(|| answer.json()["operation_id"].as_str().map(str::to_owned)).flatten()
    {
        let ended = crate::app::tenant::operation_end(&staff, &operation).await;
        assert_ne!(ended["state"], "succeeded", "a destroyed key is enabled again: {ended}");
    } else {
        assert!(answer.status >= 400, "a destroyed key is enabled again: {}", answer.text);
    }
    assert!(!guarded.opens().await);
}

pub async fn a_vault_key_that_is_disabled_and_destroyed_closes_its_environment_for_good(app: App) {
    let bao = OpenBao::start().await.unwrap();
    let mut both = short_lived_keys();
    both.extend([
        setting("KEYRING__VAULT_ADDRESS", bao.address()),
        setting("KEYRING__VAULT_TOKEN_FILE", bao.token_file().display()),
    ]);
    let mut stack = app.own_stack(Wishes { both, ..Wishes::default() }).await;
    let guarded = Guarded::set(&app, &stack, "vault").await;
    destroy_for_good(&app, &mut stack, &guarded).await;
    let reference =
        format!("SELECT key_reference FROM platform.environment WHERE schema_name = '{}'", guarded.tenant.test.schema);
    let key = stack.database.texts(&reference).await.remove(0);
    let asked = reqwest::Client::new()
        .get(format!("{}/v1/transit/keys/{key}", bao.address()))
        .header("X-Vault-Token", bao.token());
    assert_eq!(asked.send().await.unwrap().status(), 404, "the key is gone at the key service");
    app.check_invariants().await;
}

pub async fn a_local_key_that_is_destroyed_closes_its_environment_for_good(app: App) {
    let mut stack = app.own_stack(Wishes { both: short_lived_keys(), ..Wishes::default() }).await;
    let guarded = Guarded::set(&app, &stack, "local").await;
    let before = std::fs::read_dir(stack.master_keys()).unwrap().count();
    destroy_for_good(&app, &mut stack, &guarded).await;
    let files = files_of(&stack.master_keys());
    app.note(format!("{before} entries of master keys before, {} files after", files.len()));
    app.check_invariants().await;
}
