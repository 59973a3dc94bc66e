//! Rules of a tenant's own roles: explained and enforced.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{
    App,
    client::{Client, Extras},
    server::setting,
    tenant::Environment,
    until::until_status,
};

pub async fn an_explanation_tells_which_rule_decides_and_why(app: App) {
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

pub async fn conditions_of_a_role_are_enforced_with_the_requests_own_amount_and_currency(app: App) {
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

pub async fn a_country_counts_only_in_the_header_of_the_proxy(app: App) {
    let stack = app.shared().await;
    let behind_proxy = stack.another_api(vec![setting("API__COUNTRY_HEADER", "X-Country")]).await;
    let environment = app.tenant().await.test;
    let rules = json!([
        {"object": "wallet", "action": "list"},
        {"object": "wallet", "action": "create", "conditions": {"country": ["de", "fr"]}},
    ]);
    with_role(&environment, "at_home", rules).await;
    let open = |client: Client, countries: &'static [&'static str]| async move {
        let headers = countries.iter().map(|country| ("X-Country".to_owned(), (*country).to_owned())).collect();
        let extras = Extras { headers, body: Some(json!({"currency": "eur"})), ..Extras::default() };
        client.send("POST", "/v1/wallets", extras).await
    };
    let there = environment.at(&behind_proxy).await.end_user("a-at_home");
    open(there.clone(), &["DE"]).await.ok();
    for countries in [&["US"][..], &["XX"], &["T1"], &["DE", "US"], &[]] {
        open(there.clone(), countries).await.refused(403, "permission_denied");
    }
    // A process that knows of no such proxy believes nobody.
    open(environment.end_user("a-at_home"), &["DE"]).await.refused(403, "permission_denied");
}
