//! What every request carries and leaves: ids, headers, log lines, audit records.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::app::{App, client::Answer};

pub async fn every_answer_carries_a_request_id_of_its_own_and_the_security_headers(app: App) {
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

pub async fn logs_are_json_lines_that_name_request_and_tenant_and_no_person(app: App) {
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

pub async fn every_write_and_every_refusal_has_one_audit_record(app: App) {
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
