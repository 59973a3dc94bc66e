//! Every route with every kind of credential: what the role table says happens, nothing else, and the outcome stands
//! in a committed table.

mod credential;
mod grid;
mod probe;
mod scene;
mod staff;
mod table;

use std::collections::BTreeSet;

use serde_json::Value;

use self::{
    credential::{Worth, credentials},
    grid::Grid,
    probe::PROBES,
    scene::Scene,
    staff::{
        every_route_of_the_staff_api_answers_every_credential_as_the_committed_table_says,
        every_route_of_the_staff_api_has_a_probe_and_is_described,
        tenants_that_do_not_exist_and_slugs_that_are_none_answer_the_same_bytes,
    },
};
use super::cases;
use crate::app::{App, client::Client};

cases!("authorization":
    every_route_has_a_probe_and_every_probe_a_route,
    every_route_answers_every_credential_as_the_committed_table_says,
    what_one_may_not_see_and_what_does_not_exist_answer_the_same_bytes,
    ids_of_others_in_bodies_filters_and_cursors_do_not_exist,
    the_description_is_the_router,
    nobody_gives_away_more_than_he_holds,
    every_route_of_the_staff_api_has_a_probe_and_is_described,
    every_route_of_the_staff_api_answers_every_credential_as_the_committed_table_says,
    tenants_that_do_not_exist_and_slugs_that_are_none_answer_the_same_bytes,
);

async fn every_route_has_a_probe_and_every_probe_a_route(_app: App) {
    let routes: BTreeSet<(&str, &str)> = api::router::ROUTES.iter().copied().collect();
    let probes: BTreeSet<(&str, &str)> = PROBES.iter().map(|probe| (probe.method, probe.path)).collect();
    let without_probe: Vec<_> = routes.difference(&probes).collect();
    let stale: Vec<_> = probes.difference(&routes).collect();
    assert!(without_probe.is_empty(), "routes without a probe: {without_probe:?}");
    assert!(stale.is_empty(), "probes of routes that are gone: {stale:?}");
}

async fn every_route_answers_every_credential_as_the_committed_table_says(app: App) {
    let stack = app.shared().await;
    let scene = Scene::set(&app).await;
    let credentials = credentials(&app, &scene).await;
    let grid = Grid::measure(&scene, &credentials, &stack.database).await;
    app.note(format!("{} routes x {} credentials", PROBES.len(), credentials.len()));
    grid.assert_as_the_role_table_says();
    table::compare("authorization.txt", &grid.to_text());
}

async fn what_one_may_not_see_and_what_does_not_exist_answer_the_same_bytes(app: App) {
    let scene = Scene::set(&app).await;
    let credentials = credentials(&app, &scene).await;
    let (mut compared, mut differences) = (0, Vec::new());
    for probe in PROBES.iter().filter(|probe| probe.has_id()) {
        for credential in &credentials {
            let mut reference = None;
            for (kind, id) in scene.ids_that_are_not_there(probe) {
                // What is foreign here is the other owner's own.
                if kind == "foreign" && credential.worth == Worth::Elsewhere {
                    continue;
                }
                let answer = probe.send(&credential.client, &id, &scene).await;
                let seen = (answer.status, answer.text.clone());
                let first = reference.get_or_insert_with(|| seen.clone());
                compared += 1;
                if *first != seen {
                    differences.push(format!(
                        "{} {} as {}: {kind} id: {seen:?}, not {first:?}",
                        probe.method, probe.path, credential.name
                    ));
                }
            }
        }
    }
    app.note(format!("{compared} answers compared"));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

async fn ids_of_others_in_bodies_filters_and_cursors_do_not_exist(app: App) {
    let scene = Scene::set(&app).await;
    let owner = scene.environment.member("owner");
    let (theirs, ours) = (&scene.foreign, &scene.merchant);
    let random = |prefix: &str| format!("{prefix}_01jd0000000000000000000000");
    let transfer = |source: &str, destination: &str| crate::app::transfer_of(source, destination, 1);
    let convert = |quote: &str, source: &str, destination: &str| serde_json::json!({"quote": quote, "source": source, "destination": destination, "amount": 1});
    for (foreign, missing, path) in [
        (transfer(&theirs.wallet, &ours.wallet), transfer(&random("wal"), &ours.wallet), "/v1/wallet_transfers"),
        (transfer(&ours.wallet, &theirs.wallet), transfer(&ours.wallet, &random("wal")), "/v1/wallet_transfers"),
        (
            serde_json::json!({"customer": theirs.customer, "currency": "eur"}),
            serde_json::json!({"customer": random("cus"), "currency": "eur"}),
            "/v1/wallets",
        ),
        (
            serde_json::json!({"customer": theirs.customer, "to_currency": "usd", "from_currencies": ["eur"], "lock_duration": "hour"}),
            serde_json::json!({"customer": random("cus"), "to_currency": "usd", "from_currencies": ["eur"], "lock_duration": "hour"}),
            "/v1/fx_quotes",
        ),
        (
            convert(&theirs.fx_quote, &ours.wallet, &ours.dollars),
            convert(&random("fxq"), &ours.wallet, &ours.dollars),
            "/v1/fx_conversions",
        ),
        (
            convert(&ours.fx_quote, &theirs.wallet, &ours.dollars),
            convert(&ours.fx_quote, &random("wal"), &ours.dollars),
            "/v1/fx_conversions",
        ),
        (
            convert(&ours.fx_quote, &ours.wallet, &theirs.dollars),
            convert(&ours.fx_quote, &ours.wallet, &random("wal")),
            "/v1/fx_conversions",
        ),
    ] {
        let (foreign, missing) = tokio::join!(owner.post(path, foreign), owner.post(path, missing));
        foreign.refused(404, "resource_missing");
        assert_eq!((foreign.status, &foreign.text), (missing.status, &missing.text), "{path}");
    }
    for (path, theirs, prefix) in [
        ("/v1/wallets?customer=", &theirs.customer, "cus"),
        ("/v1/wallet_transfers?wallet=", &theirs.wallet, "wal"),
        ("/v1/wallet_transfers?customer=", &theirs.customer, "cus"),
        ("/v1/wallets?starting_after=", &theirs.wallet, "wal"),
        ("/v1/wallets?ending_before=", &theirs.wallet, "wal"),
        ("/v1/customers?starting_after=", &theirs.customer, "cus"),
        ("/v1/wallet_transfers?starting_after=", &theirs.transfer, "wtr"),
        ("/v1/fx_quotes?customer=", &theirs.customer, "cus"),
        ("/v1/fx_quotes?starting_after=", &theirs.fx_quote, "fxq"),
        ("/v1/fx_conversions?wallet=", &theirs.wallet, "wal"),
        ("/v1/fx_conversions?starting_after=", &theirs.fx_conversion, "fxc"),
        ("/v1/audit_records?starting_after=", &theirs.audit_record, "aud"),
        ("/v1/members?starting_after=", &theirs.member, "mem"),
        ("/v1/api_keys?starting_after=", &theirs.api_key, "key"),
    ] {
        let (foreign, missing) =
            (owner.get(&format!("{path}{theirs}")).await, owner.get(&format!("{path}{}", random(prefix))).await);
        assert_eq!((foreign.status, &foreign.text), (missing.status, &missing.text), "{path}");
    }
    // An end user's filters do not reach beyond what is his.
    let ada = &scene.end_user;
    for path in
        [format!("/v1/wallets?customer={}", ours.customer), format!("/v1/wallet_transfers?wallet={}", ours.wallet)]
    {
        let answer = ada.get(&path).await;
        assert!(answer.status == 404 || answer.ok()["data"] == serde_json::json!([]), "{path}: {}", answer.text);
    }
    for (list, theirs) in [
        ("/v1/wallets", [&ours.wallet, &ours.other_wallet]),
        ("/v1/wallet_transfers", [&ours.transfer, &ours.transfer]),
        ("/v1/fx_quotes", [&ours.fx_quote, &ours.fx_quote]),
        ("/v1/fx_conversions", [&ours.fx_conversion, &ours.fx_conversion]),
    ] {
        let seen: Vec<Value> = ada.all(list).await;
        assert!(!seen.is_empty(), "{list} shows what is his");
        assert!(
            seen.iter().all(|object| theirs.iter().all(|id| object["id"] != id.as_str())),
            "{list} shows the merchant's"
        );
    }
}

/// The routes a server describes at `/openapi.json`.
pub async fn described(server: &Client) -> BTreeSet<(String, String)> {
    let document = server.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().expect("paths");
    let methods = |path: &Value| {
        path.as_object().expect("methods").keys().map(|method| method.to_uppercase()).collect::<Vec<_>>()
    };
    paths.iter().flat_map(|(path, item)| methods(item).into_iter().map(move |method| (method, path.clone()))).collect()
}

/// Compares a description with a router's list, and asks whether each described path leads somewhere.
pub async fn compare_description(server: &Client, routes: &[(&str, &str)]) {
    let listed: BTreeSet<(String, String)> =
        routes.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    let described = described(server).await;
    assert_eq!(described, listed);
    for (method, path) in &described {
        let filled =
            path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/");
        let answer = server.send(method, &filled, crate::app::client::Extras::default()).await;
        let code = answer.code().unwrap_or_default();
        assert!(code != "route_missing" && code != "method_not_allowed", "{method} {path}: {}", answer.text);
    }
}

async fn the_description_is_the_router(app: App) {
    let stack = app.shared().await;
    compare_description(&stack.api.anonymous(), api::router::ROUTES).await;
}

async fn nobody_gives_away_more_than_he_holds(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let (owner, admin) = (environment.member("owner"), environment.member("admin"));
    let issuer = environment.issuer.url();
    let wide = serde_json::json!([{"object": "member", "action": "create"}, {"object": "wallet", "action": "list"}, {"object": "api_key", "action": "create"}, {"object": "role", "action": "create"}, {"object": "role", "action": "update"}, {"object": "member", "action": "update"}]);
    owner.post("/v1/roles", serde_json::json!({"name": "steward", "rules": wide})).await.ok();
    owner
        .post("/v1/members", serde_json::json!({"issuer": issuer, "subject": "steward", "role": "steward"}))
        .await
        .ok();
    let steward = environment.end_user("steward");
    crate::app::until::until_status(std::time::Duration::from_secs(3), 200, || async {
        steward.get("/v1/wallets").await
    })
    .await;
    let me = owner.all("/v1/members").await.iter().find(|member| member["subject"] == "steward").expect("listed")["id"]
        .clone();
    let members = owner.all("/v1/members").await;
    let the_owner =
        members.iter().find(|member| member["role"] == "owner").expect("an owner")["id"].as_str().unwrap().to_owned();
    let before = stack.database.contents(&environment.schema).await;
    let steps: [(&str, &Client, String, Value); 9] = [
        (
            "a steward makes an owner",
            &steward,
            "/v1/members".to_owned(),
            serde_json::json!({"issuer": issuer, "subject": "x", "role": "owner"}),
        ),
        (
            "a steward makes an admin",
            &steward,
            "/v1/members".to_owned(),
            serde_json::json!({"issuer": issuer, "subject": "x", "role": "admin"}),
        ),
        (
            "a steward makes himself an admin",
            &steward,
            format!("/v1/members/{}", me.as_str().unwrap()),
            serde_json::json!({"role": "admin"}),
        ),
        (
            "a steward makes an admin's key",
            &steward,
            "/v1/api_keys".to_owned(),
            serde_json::json!({"name": "x", "role": "admin"}),
        ),
        (
            "a steward makes a wider role",
            &steward,
            "/v1/roles".to_owned(),
            serde_json::json!({"name": "wider", "rules": [{"object": "wallet_transfer", "action": "create"}]}),
        ),
        (
            "a steward widens his role",
            &steward,
            "/v1/roles/steward".to_owned(),
            serde_json::json!({"rules": [{"object": "wallet_transfer", "action": "create"}]}),
        ),
        (
            "an admin makes an owner",
            &admin,
            "/v1/members".to_owned(),
            serde_json::json!({"issuer": issuer, "subject": "x", "role": "owner"}),
        ),
        (
            "an admin makes an owner's key",
            &admin,
            "/v1/api_keys".to_owned(),
            serde_json::json!({"name": "x", "role": "owner"}),
        ),
        (
            "an admin demotes an owner",
            &admin,
            format!("/v1/members/{the_owner}"),
            serde_json::json!({"role": "analyst"}),
        ),
    ];
    for (what, client, path, body) in steps {
        let answer = client.post(&path, body).await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.text);
        answer.error();
    }
    assert_eq!(admin.delete(&format!("/v1/members/{the_owner}")).await.status, 403);
    assert_eq!(
        owner.delete(&format!("/v1/members/{the_owner}")).await.refused(409, "last_owner")["type"],
        "invalid_request_error"
    );
    for role in ["staff_admin", "nobody", "customer\0"] {
        let answer =
            owner.post("/v1/members", serde_json::json!({"issuer": issuer, "subject": "x", "role": role})).await;
        assert_eq!(answer.status, 400, "{role:?}: {}", answer.text);
    }
    let mut after = stack.database.contents(&environment.schema).await;
    for trace in ["audit_record", "idempotency_record"] {
        after.insert(trace.to_owned(), before[trace].clone());
    }
    assert_eq!(before, after, "a refused grant changed something");
}
