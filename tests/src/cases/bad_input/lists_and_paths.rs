//! Queries of lists, ids, and other methods and spellings of a path.

use super::complaint;
use crate::app::{App, wire};

pub async fn lists_refuse_malformed_queries_by_name(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let wallet = owner.open_wallet("eur").await;
    let mut complaints = Vec::new();
    for list in [
        "customers",
        "wallets",
        "wallet_transfers",
        "fx_rates",
        "fx_quotes",
        "fx_conversions",
        "audit_records",
        "members",
        "api_keys",
    ] {
        for (query, param) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=1.0", "limit"),
            ("limit=1e1", "limit"),
            ("limit=", "limit"),
            ("limit=ten", "limit"),
            ("limit=9223372036854775808", "limit"),
            ("limit=%31%00", "limit"),
            ("limit=1&limit=2", "limit"),
            ("nope=1", "nope"),
            ("starting_after=nope", "starting_after"),
            ("ending_before=a%22%3Bdrop%20schema", "ending_before"),
            ("starting_after=%00", "starting_after"),
            ("starting_after=req_00000000000000000000000000", "starting_after"),
            ("offset=1", "offset"),
            ("limit[gte]=1", "limit[gte]"),
        ] {
            let answer = owner.get(&format!("/v1/{list}?{query}")).await;
            complaints.extend(complaint(&answer, param).map(|text| format!("{list}?{query}: {text}")));
        }
        let both = format!("/v1/{list}?starting_after={wallet}&ending_before={wallet}");
        let answer = owner.get(&both).await;
        assert!((400..500).contains(&answer.status), "{both}: {} {}", answer.status, answer.text);
    }
    for (path, param) in [
        ("/v1/customers?email=%00", "email"),
        ("/v1/wallets?customer=nope", "customer"),
        ("/v1/wallet_transfers?wallet=nope", "wallet"),
        ("/v1/fx_quotes?customer=nope", "customer"),
        ("/v1/fx_conversions?wallet=nope", "wallet"),
        ("/v1/wallet_transfers?customer=%27", "customer"),
    ] {
        complaints.extend(complaint(&owner.get(path).await, param).map(|text| format!("{path}: {text}")));
    }
    let many: String = (0..200).map(|number| format!("a{number}=1&")).collect();
    let answer = owner.get(&format!("/v1/wallets?{many}")).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

pub async fn ids_that_are_no_ids_do_not_exist(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let random = "01jd0000000000000000000000";
    for (path, prefix) in [
        ("customers", "cus"),
        ("wallets", "wal"),
        ("wallet_transfers", "wtr"),
        ("fx_quotes", "fxq"),
        ("fx_conversions", "fxc"),
        ("audit_records", "aud"),
    ] {
        let reference = owner.get(&format!("/v1/{path}/{prefix}_{random}")).await;
        reference.refused(404, "resource_missing");
        let long = "x".repeat(5_000);
        let upper = format!("{prefix}_{}", random.to_uppercase());
        for id in [
            "x",
            "%00",
            "%ff",
            "%f0%9f%98%80",
            "a%22%3Bdrop%20schema",
            "..%2f..%2fhealthz",
            "null",
            "0",
            "-1",
            "%20",
            &long,
            &upper,
            "req_01jd0000000000000000000000",
            "01jd0000000000000000000000",
        ] {
            let answer = owner.get(&format!("/v1/{path}/{id}")).await;
            assert_eq!((answer.status, &answer.text), (404, &reference.text), "{path}/{id:.40}");
        }
    }
}

pub async fn other_methods_and_spellings_of_a_path_reach_nothing_else(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let authorization = format!("Authorization: {}", owner.authorization().unwrap());
    let wallet = owner.open_wallet("eur").await;
    let send = |method: &'static str, target: String, headers: Vec<String>| {
        let address = stack.api.address().to_owned();
        async move { wire::exchange(&address, &wire::request(method, &target, &headers, "")).await }
    };
    // A path in another spelling is another path, with a credential and without.
    for target in [
        "//v1/wallets",
        "/v1//wallets",
        "/v1/wallets/",
        "/v1/./wallets",
        "/v1/x/../wallets",
        "/v1/%2e%2e/v1/wallets",
        "/v1/wallets;x=1",
        "/V1/wallets",
        "/v1/Wallets",
        "/v1/wallets%2f",
        "/v1%2fwallets",
        "/v1/%77allets%00",
        "/v1/wallets/%2e%2e",
        "/v1/wallets.json",
        "/v1\\wallets",
        "/platform/v1/tenants",
        "/v2/wallets",
        "/",
    ] {
        for headers in [vec![], vec![authorization.clone()]] {
            let signed_in = !headers.is_empty();
            let answer = send("GET", target.to_owned(), headers).await;
            let refused = [400, 401, 404].contains(&answer.status);
            assert!(
                refused && !answer.body.contains(&wallet),
                "{target} signed in: {signed_in}: {} {}",
                answer.status,
                answer.body
            );
        }
    }
    // HEAD is GET without the body, and as guarded; whatever else is not in the table is refused.
    let head = |headers| send("HEAD", "/v1/wallets".to_owned(), headers);
    assert_eq!(head(vec![]).await.status, 401);
    let allowed = head(vec![authorization.clone()]).await;
    assert_eq!((allowed.status, allowed.body.as_str()), (200, ""));
    let no_role = environment.bearer(&environment.token("nobody")).authorization().unwrap().to_owned();
    let denied = send("HEAD", "/v1/customers".to_owned(), vec![format!("Authorization: {no_role}")]).await;
    assert_eq!(denied.status, 403);
    for method in ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PROPFIND", "get"] {
        let target = if method == "CONNECT" { "localhost:80" } else { "/v1/wallets" };
        let answer = send(method, target.to_owned(), vec![authorization.clone()]).await;
        assert!([400, 404, 405].contains(&answer.status), "{method}: {} {}", answer.status, answer.body);
        assert!(!answer.body.contains("Bearer"), "{method} shows the credential: {}", answer.body);
    }
    // Nobody may talk a request into another method, path or tenant.
    for header in [
        "X-HTTP-Method-Override: DELETE",
        "X-HTTP-Method: DELETE",
        "X-Original-URL: /v1/customers",
        "X-Rewrite-URL: /v1/customers",
        "X-Forwarded-Host: other",
        "X-Tenant: other",
        "Stripe-Account: other",
        "Tessera-Tenant: other",
    ] {
        let answer = send("GET", "/v1/wallets".to_owned(), vec![authorization.clone(), header.to_owned()]).await;
        assert!(answer.status == 200 && answer.body.contains(&wallet), "{header}: {} {}", answer.status, answer.body);
    }
    let absolute = send("GET", "http://other.example/v1/wallets".to_owned(), vec![authorization.clone()]).await;
    assert!(absolute.status == 400 || absolute.body.contains(&wallet), "{} {}", absolute.status, absolute.body);
}
