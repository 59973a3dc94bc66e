//! One `Idempotency-Key`, one effect: whatever the number of requests, processes and tenants.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value, json};

use super::cases;
use crate::app::{
    App,
    client::{Answer, Client, Extras},
    quote_from_euro,
    tenant::Environment,
    transfer_of,
};

cases!("idempotency":
    a_thousand_concurrent_requests_with_one_key_move_money_once,
    the_same_key_with_another_request_is_refused_and_changes_nothing,
    the_same_key_of_another_tenant_mode_or_key_holder_is_judged_on_its_own,
    the_order_of_fields_and_white_space_make_no_other_request,
    a_refusal_is_repeated_word_for_word_even_when_it_would_succeed_by_now,
    every_write_route_repeats_its_answer_and_not_its_effect,
    another_process_knows_the_key,
    another_persons_key_tells_nobody_the_first_answer,
    keys_that_are_no_keys_are_refused_by_name,
);

const CONCURRENT: usize = 1_000;

/// Two wallets, the first with money in it.
async fn wallets(client: &Client) -> (String, String) {
    tokio::join!(client.open_funded_wallet(100_000), client.open_wallet("eur"))
}

async fn rows(app: &App, environment: &Environment, condition: &str) -> i64 {
    let schema = &environment.schema;
    app.shared().await.database.number(&format!("SELECT count(*) FROM {schema}.{condition}")).await
}

async fn a_thousand_concurrent_requests_with_one_key_move_money_once(app: App) {
    let environment = app.tenant().await.test;
    let client = environment.api_key();
    let (source, destination) = wallets(&client).await;
    let body = transfer_of(&source, &destination, 1_234);
    let requests = (0..CONCURRENT).map(|_| {
        let (client, body) = (client.clone(), body.clone());
        tokio::spawn(async move { client.post_keyed("/v1/wallet_transfers", "one key", body).await })
    });
    let answers: Vec<Answer> = join_all(requests).await.into_iter().map(Result::unwrap).collect();

    let mut kinds: BTreeMap<(u16, String), usize> = BTreeMap::new();
    for answer in &answers {
        *kinds.entry((answer.status, answer.code().unwrap_or_default())).or_default() += 1;
    }
    app.note(format!("{CONCURRENT} requests with one key: {kinds:?}"));
    let first = answers.iter().find(|answer| answer.status == 200).expect("one of them succeeds");
    for answer in &answers {
        match answer.status {
            200 => assert_eq!(answer.text, first.text, "two answers to one key"),
            _ => drop(answer.refused(409, "idempotency_key_in_use")),
        }
    }
    let fresh = answers.iter().filter(|answer| answer.status == 200 && answer.header("idempotent-replayed").is_none());
    assert_eq!(fresh.count(), 1, "exactly one answer is the original");
    assert_eq!(rows(&app, &environment, "wallet_transfer").await, 1);
    assert_eq!(rows(&app, &environment, "idempotency_record WHERE key = 'one key'").await, 1);
    assert_eq!(rows(&app, &environment, "audit_record WHERE action = 'wallet_transfer.create'").await, 1);
    assert_eq!((client.balance(&source).await, client.balance(&destination).await), (100_000 - 1_234, 1_234));
    let later = client.post_keyed("/v1/wallet_transfers", "one key", body).await;
    assert_eq!((later.ok(), later.text.as_str()), (first.json(), first.text.as_str()));
    assert_eq!(later.header("idempotent-replayed"), Some("true"));
}

async fn the_same_key_with_another_request_is_refused_and_changes_nothing(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let client = environment.api_key();
    let (source, destination) = wallets(&client).await;
    client.post_keyed("/v1/wallet_transfers", "k", transfer_of(&source, &destination, 10)).await.ok();
    let before = stack.database.contents(&environment.schema).await;
    let others = [
        ("/v1/wallet_transfers".to_owned(), transfer_of(&source, &destination, 11)),
        ("/v1/wallet_transfers".to_owned(), transfer_of(&destination, &source, 10)),
        ("/v1/wallets".to_owned(), json!({"currency": "eur"})),
        ("/v1/customers".to_owned(), json!({"name": "Ada"})),
        (format!("/v1/test_helpers/wallets/{source}/fund_balance"), json!({"amount": 10, "currency": "eur"})),
    ];
    for (path, body) in others {
        let answer = client.post_keyed(&path, "k", body).await;
        assert_eq!((answer.status, answer.error()["type"].as_str()), (400, Some("idempotency_error")), "{path}");
    }
    assert_eq!(before, stack.database.contents(&environment.schema).await);
}

async fn the_same_key_of_another_tenant_mode_or_key_holder_is_judged_on_its_own(app: App) {
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let mut ids = Vec::new();
    for environment in [&tenant.test, &tenant.live, &other.test, &other.live] {
        let answer = environment.api_key().post_keyed("/v1/wallets", "shared", json!({"currency": "eur"})).await;
        assert_eq!(answer.header("idempotent-replayed"), None, "{}", environment.slug);
        ids.push(answer.id());
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), 4, "{ids:?}");
}

async fn the_order_of_fields_and_white_space_make_no_other_request(app: App) {
    let environment = app.tenant().await.test;
    let client = environment.api_key();
    let first = client.post_keyed("/v1/customers", "k", json!({"name": "Ada", "metadata": {"a": "1", "b": "2"}})).await;
    let second =
        client.post_keyed("/v1/customers", "k", json!({"metadata": {"b": "2", "a": "1"}, "name": "Ada"})).await;
    assert_eq!((first.ok(), &first.text), (second.ok(), &second.text));
    assert_eq!(rows(&app, &environment, "customer").await, 1);
}

async fn a_refusal_is_repeated_word_for_word_even_when_it_would_succeed_by_now(app: App) {
    let environment = app.tenant().await.test;
    let client = environment.api_key();
    let (source, destination) = tokio::join!(client.open_wallet("eur"), client.open_wallet("eur"));
    let body = transfer_of(&source, &destination, 10);
    let refused = client.post_keyed("/v1/wallet_transfers", "k", body.clone()).await;
    assert_eq!(refused.code().as_deref(), Some("insufficient_funds"));
    client.fund(&source, 100).await;
    let again = client.post_keyed("/v1/wallet_transfers", "k", body.clone()).await;
    assert_eq!((again.status, &again.text), (refused.status, &refused.text));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    client.post_keyed("/v1/wallet_transfers", "another", body).await.ok();
    let refusals = "audit_record WHERE action = 'wallet_transfer.create' AND outcome = 'refused'";
    assert_eq!(rows(&app, &environment, refusals).await, 1);
}

async fn every_write_route_repeats_its_answer_and_not_its_effect(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let client = environment.member("owner");
    let (source, destination) = wallets(&client).await;
    let customer = client.create_customer("Ada", "ada@example.com").await;
    let issuer = environment.issuer.url();
    let member = client.post("/v1/members", json!({"issuer": issuer, "subject": "m-1", "role": "analyst"})).await.id();
    let rules = json!([{"object": "wallet", "action": "retrieve"}]);
    client.post("/v1/roles", json!({"name": "looker", "rules": rules})).await.ok();
    let doomed = client.post("/v1/members", json!({"issuer": issuer, "subject": "m-2", "role": "analyst"})).await.id();
    let dollars = client.open_wallet("usd").await;
    let rates = json!({"base": "eur", "rates": {"usd": "1.25"}});
    client.post("/v1/fx_rates", rates.clone()).await.ok();
    let quote = client.post("/v1/fx_quotes", quote_from_euro("usd")).await.id();
    let conversion = json!({"quote": quote, "source": source, "destination": dollars, "amount": 9});
    let moved = client.transfer(&source, &destination, 3).await.id();
    let held = client.post("/v1/wallet_holds", transfer_of(&source, &destination, 5)).await.id();
    let empty = client.open_wallet("eur").await;
    let writes = [
        ("POST", "/v1/fx_rates".to_owned(), Some(rates)),
        ("POST", "/v1/fx_settings".to_owned(), Some(json!({"spread_basis_points": 50}))),
        ("POST", "/v1/fx_quotes".to_owned(), Some(quote_from_euro("usd"))),
        ("POST", "/v1/fx_conversions".to_owned(), Some(conversion)),
        ("POST", "/v1/customers".to_owned(), Some(json!({"name": "Grace"}))),
        ("POST", format!("/v1/customers/{customer}"), Some(json!({"name": "Ada L."}))),
        ("POST", "/v1/wallets".to_owned(), Some(json!({"currency": "usd"}))),
        (
            "POST",
            format!("/v1/test_helpers/wallets/{source}/fund_balance"),
            Some(json!({"amount": 7, "currency": "eur"})),
        ),
        ("POST", "/v1/wallet_transfers".to_owned(), Some(transfer_of(&source, &destination, 3))),
        (
            "POST",
            "/v1/wallet_transfers/bulk".to_owned(),
            Some(json!({"mode": "atomic", "transfers": [transfer_of(&source, &destination, 3)]})),
        ),
        ("POST", format!("/v1/wallet_transfers/{moved}/reverse"), Some(json!({}))),
        ("POST", "/v1/wallet_holds".to_owned(), Some(transfer_of(&source, &destination, 3))),
        ("POST", format!("/v1/wallet_holds/{held}/capture"), Some(json!({"amount": 2, "release_remainder": false}))),
        ("POST", format!("/v1/wallet_holds/{held}/release"), Some(json!({}))),
        ("POST", format!("/v1/wallets/{dollars}/freeze"), Some(json!({}))),
        ("POST", format!("/v1/wallets/{dollars}/unfreeze"), Some(json!({}))),
        ("POST", format!("/v1/wallets/{empty}/close"), Some(json!({}))),
        ("POST", "/v1/roles".to_owned(), Some(json!({"name": "clerk", "rules": rules}))),
        ("POST", "/v1/roles/looker".to_owned(), Some(json!({"description": "looks"}))),
        ("POST", "/v1/members".to_owned(), Some(json!({"issuer": issuer, "subject": "m-3", "role": "analyst"}))),
        ("POST", format!("/v1/members/{member}"), Some(json!({"role": "operator"}))),
        ("DELETE", format!("/v1/members/{doomed}"), None),
        ("DELETE", "/v1/roles/clerk".to_owned(), None),
    ];
    for (number, (method, path, body)) in writes.into_iter().enumerate() {
        let extras = || Extras { body: body.clone(), key: Some(format!("write-{number}")), ..Extras::default() };
        let first = client.send(method, &path, extras()).await;
        first.ok();
        let before = stack.database.contents(&environment.schema).await;
        let second = client.send(method, &path, extras()).await;
        assert_eq!((second.ok(), &second.text), (first.json(), &first.text), "{method} {path}");
        assert_eq!(second.header("idempotent-replayed"), Some("true"), "{method} {path}");
        assert_eq!(before, stack.database.contents(&environment.schema).await, "{method} {path}");
    }
}

async fn another_process_knows_the_key(app: App) {
    let api = app.shared().await.another_api(Vec::new()).await;
    let environment = app.tenant().await.test;
    let (here, there) = (environment.api_key(), environment.at(&api).await.api_key());
    let (source, destination) = wallets(&here).await;
    let body = transfer_of(&source, &destination, 10);
    let (first, second) = tokio::join!(
        here.post_keyed("/v1/wallet_transfers", "k", body.clone()),
        there.post_keyed("/v1/wallet_transfers", "k", body.clone())
    );
    for answer in [&first, &second] {
        assert!(answer.status == 200 || answer.code().as_deref() == Some("idempotency_key_in_use"), "{}", answer.text);
    }
    let replay = there.post_keyed("/v1/wallet_transfers", "k", body).await;
    let original = [first, second].into_iter().find(|answer| answer.status == 200).expect("one succeeds");
    assert_eq!((replay.ok(), replay.text), (original.json(), original.text));
    assert_eq!(here.balance(&destination).await, 10);
}

async fn another_persons_key_tells_nobody_the_first_answer(app: App) {
    let environment = app.tenant().await.test;
    let (ada, eve) = (environment.end_user("ada"), environment.end_user("eve"));
    let body = json!({"name": "Somebody", "email": "somebody@example.com"});
    let first = ada.post_keyed("/v1/customers", "k", body.clone()).await;
    let hers = first.ok();
    let answer = eve.post_keyed("/v1/customers", "k", body.clone()).await;
    assert_eq!((answer.status, answer.error()["type"].as_str()), (400, Some("idempotency_error")));
    assert!(!answer.text.contains(hers["id"].as_str().unwrap()), "{}", answer.text);
    let again: Value = ada.post_keyed("/v1/customers", "k", body).await.ok();
    assert_eq!(again, hers);
}

async fn keys_that_are_no_keys_are_refused_by_name(app: App) {
    let environment = app.tenant().await.test;
    let client = environment.api_key();
    for key in [String::new(), "k".repeat(256), "k".repeat(10_240), "tab\there".to_owned(), "\u{e9}".to_owned()] {
        let answer = client.post_keyed("/v1/wallets", &key, json!({"currency": "eur"})).await;
        let error = answer.refused(400, "parameter_invalid");
        assert_eq!(error["param"], "Idempotency-Key", "{key:.20}");
    }
    assert_eq!(rows(&app, &environment, "wallet").await, 0);
    client.post_keyed("/v1/wallets", &"k".repeat(255), json!({"currency": "eur"})).await.ok();
}
