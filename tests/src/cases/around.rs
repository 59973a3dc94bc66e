//! What surrounds every request: ids, headers, logs, limits, health, and changes that must act within a second.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::{Value, json};
use stack::Redis;
use tokio::time::sleep;

use super::cases;
use crate::app::{
    App,
    client::{Answer, Client},
    server::{Server, setting},
    tenant::{Environment, Tenant},
    transfer_of,
    until::until_status,
};

cases!("around":
    every_answer_carries_a_request_id_of_its_own_and_the_security_headers,
    logs_are_json_lines_that_name_request_and_tenant_and_no_person,
    health_and_readiness_tell_the_truth,
    limits_hold_per_credential_and_per_environment_over_all_processes,
    payments_go_on_under_the_local_limiter_while_redis_is_dead,
    a_suspended_tenant_is_refused_within_a_second_on_every_process,
    a_role_taken_away_acts_within_a_second_on_every_process,
    a_changed_policy_acts_within_a_second_on_every_process,
    a_revoked_key_is_refused_within_a_second_on_every_process,
    an_explanation_tells_which_rule_decides_and_why,
    conditions_of_a_role_are_enforced_with_the_requests_own_amount_and_currency,
    every_write_and_every_refusal_has_one_audit_record,
    a_wrong_setting_refuses_to_start_and_names_its_key,
);

/// How soon a change must act everywhere.
const ACTS_WITHIN: Duration = Duration::from_secs(1);

async fn every_answer_carries_a_request_id_of_its_own_and_the_security_headers(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let key = environment.api_key();
    let forged = key.clone();
    let answers: Vec<(&str, Answer)> = vec![
        ("a success", key.get("/v1/wallets").await),
        ("a refusal", key.get("/v1/wallets/nope").await),
        ("no credential", environment.anonymous().get("/v1/wallets").await),
        ("no route", key.get("/v1/nothing").await),
        ("no such method", key.delete("/v1/wallets").await),
        ("a bad body", key.post_text("/v1/wallets", "{").await),
        ("health", environment.anonymous().get("/healthz").await),
        ("readiness", environment.anonymous().get("/readyz").await),
        ("the description", environment.anonymous().get("/openapi.json").await),
        ("the staff API", stack.staff("staff_admin").get("/platform/v1/tenants").await),
        ("the staff API without a credential", stack.control.anonymous().get("/platform/v1/tenants").await),
        ("no route of the staff API", stack.control.anonymous().get("/nothing").await),
        (
            "an id of the client's own",
            forged
                .send(
                    "GET",
                    "/v1/wallets",
                    crate::app::client::Extras {
                        headers: vec![("request-id".to_owned(), "req_00000000000000000000000000".to_owned())],
                        ..Default::default()
                    },
                )
                .await,
        ),
    ];
    let mut ids = BTreeSet::new();
    for (name, answer) in &answers {
        let id = answer.header("request-id").unwrap_or_else(|| panic!("{name} has no Request-Id"));
        assert!(id.parse::<kernel::RequestId>().is_ok() && !id.ends_with("00000000000000000000"), "{name}: {id}");
        assert!(ids.insert(id.to_owned()), "{name} repeats {id}");
        for (header, part) in [
            ("strict-transport-security", "max-age="),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'"),
            ("cache-control", "no-store"),
        ] {
            let value = answer.header(header).unwrap_or_default();
            assert!(value.contains(part), "{name}: {header}: {value:?}");
        }
        assert_eq!(answer.header("server"), None, "{name}");
        if answer.status >= 400 {
            answer.error();
        }
    }
}

async fn logs_are_json_lines_that_name_request_and_tenant_and_no_person(app: App) {
    let stack = app.shared().await;
    let api = stack.another_api(Vec::new()).await;
    let environment = app.tenant().await.test.at(&api).await;
    let owner = environment.member("owner");
    let customer = owner.create_customer("Augusta Ada Byron", "augusta@example.com").await;
    let person = environment.end_user("the-subject-of-a-person");
    let calls = [
        owner.get(&format!("/v1/customers/{customer}")).await,
        owner.get("/v1/customers?email=augusta@example.com").await,
        owner.get("/v1/customers/augusta@example.com").await,
        owner.get("/v1/augusta@example.com").await,
        owner.post("/v1/customers", json!({"email": "not augusta@example"})).await,
        person.post("/v1/customers", json!({"name": "Augusta Ada Byron"})).await,
        person.get("/v1/api_keys").await,
        environment.anonymous().with_bearer("sk_test_augusta@example.com").get("/v1/wallets").await,
    ];
    let lines = api.log_lines();
    let text = api.log();
    for secret in [
        "Augusta",
        "augusta",
        "the-subject-of-a-person",
        environment.secret_key.as_str(),
        owner.authorization().unwrap(),
    ] {
        assert!(!text.contains(secret), "the log tells {secret:.30}");
    }
    let by_request: BTreeMap<&str, &Value> = lines
        .iter()
        .filter_map(|line| Some((find(line, "request_id")?.as_str()?, line)))
        .filter(|(_, line)| find(line, "duration_us").is_some())
        .collect();
    for answer in &calls {
        let id = answer.header("request-id").unwrap();
        let line = by_request.get(id).unwrap_or_else(|| panic!("no line for {id} in:\n{text}"));
        assert_eq!(find(line, "status").and_then(Value::as_u64), Some(u64::from(answer.status)), "{line}");
        for field in ["timestamp", "level", "method", "route"] {
            assert!(find(line, field).is_some(), "no {field}: {line}");
        }
        if answer.status != 401 && answer.code().as_deref() != Some("route_missing") {
            assert_eq!(find(line, "tenant").and_then(Value::as_str), Some(environment.slug.as_str()), "{line}");
            assert!(find(line, "environment").is_some() && find(line, "actor").is_some(), "{line}");
        }
    }
}

/// A field of a log line, wherever the subscriber put it.
fn find<'a>(line: &'a Value, name: &str) -> Option<&'a Value> {
    let spans = || line.get("span").into_iter();
    line.get(name).or_else(|| line.get("fields")?.get(name)).or_else(|| spans().find_map(|span| span.get(name)))
}

async fn health_and_readiness_tell_the_truth(app: App) {
    let mut stack = app.own_stack(crate::app::stack::Wishes::default()).await;
    let (api, control) = (stack.api.anonymous(), stack.control.anonymous());
    for client in [&api, &control] {
        assert_eq!(client.get("/healthz").await.ok()["status"], "ok");
        assert_eq!(client.get("/readyz").await.ok()["status"], "ok");
    }
    stack.postgres.stop().await.unwrap();
    for client in [&api, &control] {
        assert_eq!(client.get("/healthz").await.status, 200, "the process lives");
        let began = Instant::now();
        let answer = client.get("/readyz").await;
        assert_eq!((answer.status, answer.error()["type"].as_str()), (503, Some("api_error")), "{}", answer.text);
        assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    }
    stack.postgres.start_again().await.unwrap();
    for client in [&api, &control] {
        let waited = until_status(Duration::from_secs(20), 200, || async { client.get("/readyz").await }).await;
        assert!(waited < Duration::from_secs(5), "ready again only after {waited:?}");
    }
    stack.redis.kill().await.unwrap();
    assert_eq!(api.get("/readyz").await.status, 200, "Redis is no condition of serving");
}

/// Sends this many requests at once and counts those served and those limited.
async fn burst(client: &Client, requests: usize) -> (usize, usize) {
    let answers = join_all((0..requests).map(|_| client.get("/v1/wallets?limit=1"))).await;
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(429, "rate_limit");
        let wait: u64 = answer.header("retry-after").expect("it says how long to wait").parse().unwrap();
        assert!((1..=5).contains(&wait), "{wait}");
    }
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    (served, requests - served)
}

fn limits(redis: &Redis) -> Vec<(String, String)> {
    vec![
        setting("REDIS__URL", redis.url()),
        setting("API__RATE_LIMIT_CREDENTIAL_PER_SECOND", 10),
        setting("API__RATE_LIMIT_ENVIRONMENT_PER_SECOND", 15),
    ]
}

async fn limits_hold_per_credential_and_per_environment_over_all_processes(app: App) {
    let stack = app.shared().await;
    let redis = Redis::throwaway().await.unwrap();
    let (first, second) = tokio::join!(stack.another_api(limits(&redis)), stack.another_api(limits(&redis)));
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let (here, there) = (tenant.test.at(&first).await, tenant.test.at(&second).await);
    // Warm caches, so that a burst takes no second by itself.
    for client in [
        here.api_key(),
        there.api_key(),
        here.member("owner"),
        here.member("admin"),
        other.test.at(&first).await.api_key(),
    ] {
        client.get("/v1/wallets?limit=1").await.ok();
    }
    let (elsewhere, live) = (other.test.at(&first).await.api_key(), tenant.live.at(&first).await.api_key());
    sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    let (in_one, in_other) = (here.api_key(), there.api_key());
    let (one, two) = tokio::join!(burst(&in_one, 20), burst(&in_other, 20));
    // What trickles in while the bursts themselves take their time.
    let refilled = |per_second: u128| usize::try_from(began.elapsed().as_millis() * per_second / 1_000 + 1).unwrap();
    let served = one.0 + two.0;
    assert!((10..=10 + refilled(10)).contains(&served), "10 of one credential over two processes, not {served}");
    let others = burst(&here.member("owner"), 20).await.0 + burst(&there.member("admin"), 20).await.0;
    let most = 15 + refilled(15);
    assert!(served + others <= most, "at most {most} of the environment, not {served} + {others}");
    assert!(others >= 1, "another credential has its own share");
    assert_eq!(burst(&elsewhere, 10).await, (10, 0), "another tenant's limit is its own");
    assert_eq!(burst(&live, 10).await, (10, 0), "the live side's limit is its own");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(burst(&in_one, 10).await, (10, 0), "a pause gives the quota back");
}

async fn payments_go_on_under_the_local_limiter_while_redis_is_dead(app: App) {
    let stack = app.shared().await;
    let mut redis = Redis::throwaway().await.unwrap();
    let api = stack.another_api(limits(&redis)).await;
    let environment = app.tenant().await.test.at(&api).await;
    let client = environment.api_key();
    let (source, destination) = (client.open_funded_wallet(1_000).await, client.open_wallet("eur").await);
    sleep(Duration::from_secs(2)).await;
    redis.kill().await.unwrap();
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        let began = Instant::now();
        client.transfer(&source, &destination, 1).await.ok();
        slowest = slowest.max(began.elapsed());
    }
    app.note(format!("payments without Redis took {slowest:.0?} at most"));
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    sleep(Duration::from_secs(2)).await;
    let (served, limited) = burst(&client, 40).await;
    assert!(served >= 10 && limited >= 10, "the local limiter limits too: {served} served, {limited} limited");
    redis.start_again().await.unwrap();
    let shared = stack.another_api(limits(&redis)).await;
    sleep(Duration::from_secs(3)).await;
    client.get("/v1/wallets?limit=1").await;
    sleep(Duration::from_secs(2)).await;
    let there = environment.at(&shared).await.api_key();
    there.get("/v1/wallets?limit=1").await.ok();
    sleep(Duration::from_secs(2)).await;
    let (one, two) = tokio::join!(burst(&client, 20), burst(&there, 20));
    assert!(one.0 + two.0 < 20, "with Redis back the limit is shared again: {one:?} {two:?}");
    client.post("/v1/wallet_transfers", transfer_of(&source, &destination, 1)).await;
}

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

async fn a_suspended_tenant_is_refused_within_a_second_on_every_process(app: App) {
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

async fn a_role_taken_away_acts_within_a_second_on_every_process(app: App) {
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

async fn a_changed_policy_acts_within_a_second_on_every_process(app: App) {
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

async fn a_revoked_key_is_refused_within_a_second_on_every_process(app: App) {
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

async fn an_explanation_tells_which_rule_decides_and_why(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let rules = json!([{"object": "wallet_transfer", "action": "create", "conditions": {"amount_max": 500, "currency": ["eur"]}}]);
    let role = owner.post("/v1/roles", json!({"name": "clerk", "rules": rules})).await.ok();
    let rule = role["rules"][0]["id"].as_str().expect("a rule has an id").to_owned();
    let ask = |amount: i64, currency: &'static str| {
        let owner = owner.clone();
        async move {
            let body = json!({"role": "clerk", "object": "wallet_transfer", "action": "create", "amount": amount, "currency": currency});
            owner.post("/v1/policy_decisions", body).await.ok()["explanation"].clone()
        }
    };
    let allowed = ask(500, "eur").await;
    assert_eq!((&allowed["allowed"], allowed["rule"].as_str()), (&json!(true), Some(rule.as_str())), "{allowed}");
    for (amount, currency) in [(501, "eur"), (1, "usd")] {
        let refused = ask(amount, currency).await;
        assert_eq!((&refused["allowed"], &refused["rule"]), (&json!(false), &json!(null)), "{refused}");
        let considered = refused["considered"].as_array().expect("rules considered");
        assert!(
            considered
                .iter()
                .any(|one| one["rule"] == rule.as_str() && one["met"] == false && one["reason"].is_string()),
            "{refused}"
        );
    }
    let built_in = owner
        .post("/v1/policy_decisions", json!({"role": "read_only", "object": "wallet", "action": "create"}))
        .await
        .ok();
    assert_eq!(built_in["explanation"]["allowed"], false, "{built_in}");
    environment
        .member("operator")
        .post("/v1/policy_decisions", json!({"role": "owner", "object": "wallet", "action": "list"}))
        .await
        .refused(403, "permission_denied");
}

/// Somebody with a role that the tenant has just defined.
async fn with_role(environment: &Environment, name: &str, rules: Value) -> Client {
    let owner = environment.member("owner");
    owner.post("/v1/roles", json!({"name": name, "rules": rules})).await.ok();
    let body = json!({"issuer": environment.issuer.url(), "subject": format!("a-{name}"), "role": name});
    owner.post("/v1/members", body).await.ok();
    let client = environment.end_user(&format!("a-{name}"));
    until_status(Duration::from_secs(2), 200, || async { client.get("/v1/wallets").await }).await;
    client
}

async fn conditions_of_a_role_are_enforced_with_the_requests_own_amount_and_currency(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let (source, destination) = (owner.open_funded_wallet(10_000).await, owner.open_wallet("eur").await);
    let rules = json!([
        {"object": "wallet", "action": "list"},
        {"object": "wallet_transfer", "action": "create", "conditions": {"amount_max": 500, "currency": ["eur"]}},
    ]);
    let clerk = with_role(&environment, "clerk", rules).await;
    clerk.transfer(&source, &destination, 500).await.ok();
    clerk.transfer(&source, &destination, 501).await.refused(403, "permission_denied");
    let in_usd = json!({"source": source, "destination": destination, "amount": 1, "currency": "usd"});
    clerk.post("/v1/wallet_transfers", in_usd).await.refused(403, "permission_denied");
    assert_eq!(owner.balance(&destination).await, 500);
    let careful = with_role(
        &environment,
        "careful",
        json!([
            {"object": "wallet", "action": "list"},
            {"object": "wallet", "action": "create", "conditions": {"mfa": true}},
        ]),
    )
    .await;
    careful.post("/v1/wallets", json!({"currency": "eur"})).await.refused(403, "permission_denied");
    let strong = environment.bearer(&environment.token("a-careful").claim("amr", json!(["pwd", "otp", "mfa"])));
    strong.post("/v1/wallets", json!({"currency": "eur"})).await.ok();
}

async fn every_write_and_every_refusal_has_one_audit_record(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let (source, destination) = (owner.open_funded_wallet(100).await, owner.open_wallet("eur").await);
    let done = [
        ("succeeded", "customer.create", owner.post("/v1/customers", json!({"name": "Ada"})).await),
        ("succeeded", "wallet_transfer.create", owner.transfer(&source, &destination, 1).await),
        ("refused", "wallet_transfer.create", owner.transfer(&source, &destination, 1_000).await),
        ("refused", "wallet_transfer.create", owner.transfer(&source, &source, 1).await),
        (
            "refused",
            "wallet.create",
            environment.member("read_only").post("/v1/wallets", json!({"currency": "eur"})).await,
        ),
        ("refused", "api_key.list", environment.member("operator").get("/v1/api_keys").await),
        ("refused", "customer.list", environment.end_user("ada").get("/v1/customers").await),
    ];
    let records = owner.all("/v1/audit_records").await;
    for (outcome, action, answer) in &done {
        let request = answer.header("request-id").unwrap();
        let of_request: Vec<&Value> = records.iter().filter(|record| record["request"] == request).collect();
        assert_eq!(of_request.len(), 1, "{action} {outcome}: {of_request:?}");
        let record = of_request[0];
        assert_eq!(
            (record["action"].as_str(), record["outcome"].as_str()),
            (Some(*action), Some(*outcome)),
            "{record}"
        );
        let id = answer.json()["id"].as_str().map(str::to_owned);
        assert_eq!(record["target"].as_str().map(str::to_owned), id, "{record}");
        assert_eq!(record["code"].is_null(), *outcome == "succeeded", "{record}");
        assert!(
            owner.get(&format!("/v1/audit_records/{}", record["id"].as_str().unwrap())).await.ok()
                == **of_request.first().unwrap()
        );
    }
    let writers: BTreeSet<&str> = records.iter().filter_map(|record| record["actor_kind"].as_str()).collect();
    assert!(writers.contains("member") && writers.len() >= 2, "{writers:?}");
}

async fn a_wrong_setting_refuses_to_start_and_names_its_key(app: App) {
    let stack = app.shared().await;
    for (name, value, key) in [
        ("API__POOL_CONNECTIONS_MAX", "many", "api.pool_connections_max"),
        ("API__NOPE", "1", "api.nope"),
        ("IDENTITY__JWKS_TTL_SECONDS", "-1", "identity.jwks_ttl_seconds"),
        ("API__DATABASE_URL", "", "api.database_url"),
        ("REDIS__URL", "http://nowhere", "redis.url"),
    ] {
        let began = Instant::now();
        let output = stack.run_api_briefly(vec![setting(name, value)]).await;
        assert!(!output.status.success(), "{name}={value} was accepted");
        let said = String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned();
        assert!(said.contains(key) || said.contains(&format!("TESSERA_{name}")), "{name}={value} is not named: {said}");
        assert!(began.elapsed() < Duration::from_secs(15));
    }
}
