//! Input that is wrong in every way we know: refused in the API's shape, by the field's name, with nothing stored.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::cases;
use crate::app::{
    App,
    client::Answer,
    database::{Contents, Database},
    malformed::{self, Good, Kind},
    tenant::{Environment, Plan, specification},
    wire,
};

cases!("bad_input":
    every_write_route_refuses_every_malformed_body_by_field_and_stores_nothing,
    the_staff_api_refuses_malformed_specifications_by_field_and_stores_nothing,
    lists_refuse_malformed_queries_by_name,
    ids_that_are_no_ids_do_not_exist,
    a_body_of_ten_megabytes_is_refused_on_every_write_route,
    a_body_that_is_not_announced_as_json_is_refused,
    other_methods_and_spellings_of_a_path_reach_nothing_else,
    requests_that_could_be_read_in_two_ways_are_refused,
    clients_that_drip_are_cut_off_and_cost_nobody_else,
);

/// What is written about refusals is no trace of the request.
const TRACES: [&str; 2] = ["audit_record", "idempotency_record"];

/// A write route with a good body.
struct Write {
    path: String,
    good: Good,
}

/// Every route with a body, with something real behind every id.
async fn writes(environment: &Environment) -> Vec<Write> {
    let owner = environment.member("owner");
    let customer = owner.create_customer("Ada", "ada@example.com").await;
    let (source, destination) = tokio::join!(owner.open_funded_wallet(1_000), owner.open_wallet("eur"));
    let issuer = environment.issuer.url();
    let member = owner.post("/v1/members", json!({"issuer": issuer, "subject": "m", "role": "analyst"})).await.id();
    owner.post("/v1/roles", json!({"name": "looker", "rules": []})).await.ok();
    let personal = json!({
        "name": "Grace", "email": "grace@example.com", "phone": "+49 30 1", "tax_id": "DE1",
        "address": {"line1": "A 1", "line2": "B", "city": "C", "state": "D", "postal_code": "1", "country": "DE"},
        "metadata": {"k": "v"},
    });
    let personal_fields = vec![
        ("/name", Kind::Text),
        ("/email", Kind::Word),
        ("/phone", Kind::Text),
        ("/tax_id", Kind::Text),
        ("/address", Kind::Map),
        ("/address/line1", Kind::Text),
        ("/address/line2", Kind::Text),
        ("/address/city", Kind::Text),
        ("/address/state", Kind::Text),
        ("/address/postal_code", Kind::Text),
        ("/address/country", Kind::Word),
        ("/metadata", Kind::Map),
        ("/metadata/k", Kind::Text),
    ];
    let mut with_identity = personal.clone();
    with_identity["identity"] = json!({"issuer": issuer, "subject": "ada"});
    let mut identity_fields = personal_fields.clone();
    identity_fields.extend([
        ("/identity", Kind::Map),
        ("/identity/issuer", Kind::Text),
        ("/identity/subject", Kind::Text),
    ]);
    let rules = json!([{"object": "wallet", "action": "retrieve", "conditions": {}}]);
    let rule_fields = vec![
        ("/description", Kind::Text),
        ("/rules", Kind::List),
        ("/rules/0", Kind::Map),
        ("/rules/0/object", Kind::Word),
        ("/rules/0/action", Kind::Word),
        ("/rules/0/conditions", Kind::Map),
    ];
    let mut role_fields = rule_fields.clone();
    role_fields.push(("/name", Kind::Word));
    let write =
        |path: &str, body, fields, required| Write { path: path.to_owned(), good: Good { body, fields, required } };
    vec![
        write("/v1/customers", with_identity, identity_fields, vec![]),
        write(&format!("/v1/customers/{customer}"), personal, personal_fields, vec![]),
        write(
            "/v1/wallets",
            json!({"currency": "eur", "customer": customer, "metadata": {"k": "v"}}),
            vec![
                ("/currency", Kind::Currency),
                ("/customer", Kind::Word),
                ("/metadata", Kind::Map),
                ("/metadata/k", Kind::Text),
            ],
            vec!["currency"],
        ),
        write(
            &format!("/v1/test_helpers/wallets/{source}/fund_balance"),
            json!({"amount": 5, "currency": "eur"}),
            vec![("/amount", Kind::Amount), ("/currency", Kind::Currency)],
            vec!["amount", "currency"],
        ),
        write(
            "/v1/wallet_transfers",
            json!({"source": source, "destination": destination, "amount": 5, "currency": "eur", "description": "for tea", "metadata": {"k": "v"}}),
            vec![
                ("/source", Kind::Word),
                ("/destination", Kind::Word),
                ("/amount", Kind::Amount),
                ("/currency", Kind::Currency),
                ("/description", Kind::Text),
                ("/metadata", Kind::Map),
                ("/metadata/k", Kind::Text),
            ],
            vec!["source", "destination", "amount", "currency"],
        ),
        write("/v1/roles", json!({"name": "clerk", "description": "", "rules": rules}), role_fields, vec!["name"]),
        write("/v1/roles/looker", json!({"description": "", "rules": rules}), rule_fields, vec![]),
        write(
            "/v1/members",
            json!({"issuer": issuer, "subject": "new", "role": "analyst"}),
            vec![("/issuer", Kind::Text), ("/subject", Kind::Text), ("/role", Kind::Word)],
            vec!["issuer", "subject", "role"],
        ),
        write(&format!("/v1/members/{member}"), json!({"role": "operator"}), vec![("/role", Kind::Word)], vec!["role"]),
        write(
            "/v1/api_keys",
            json!({"name": "k", "role": "analyst"}),
            vec![("/name", Kind::Text), ("/role", Kind::Word)],
            vec!["name", "role"],
        ),
        write(
            "/v1/policy_decisions",
            json!({"role": "owner", "object": "wallet", "action": "create", "amount": 1, "currency": "eur", "mfa": true}),
            vec![("/amount", Kind::Amount), ("/currency", Kind::Currency), ("/mfa", Kind::Flag)],
            vec!["role", "object", "action"],
        ),
    ]
}

/// Everything of an environment but the traces that refusals leave.
async fn stored(database: &Database, schema: &str) -> Contents {
    let mut contents = database.contents(schema).await;
    contents.retain(|table, _| !TRACES.contains(&table.as_str()));
    contents
}

/// What is wrong with the answer to a malformed body, if anything is.
fn complaint(answer: &Answer, param: &str) -> Option<String> {
    let acceptable = [400, 404, 409, 413, 422].contains(&answer.status);
    let named = answer.param().is_some_and(|found| malformed::names(&found, param));
    if acceptable && named {
        answer.error();
        return None;
    }
    Some(format!("{} {}", answer.status, answer.text))
}

async fn every_write_route_refuses_every_malformed_body_by_field_and_stores_nothing(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let writes = writes(&environment).await;
    let before = stored(&stack.database, &environment.schema).await;
    let (mut sent, mut complaints) = (0, Vec::new());
    for write in &writes {
        for bad in malformed::bodies(&write.good) {
            // `null` leaves an optional field out.
            let optional = !write.good.required.iter().any(|name| bad.param == *name);
            if optional && bad.what.ends_with("= null") {
                continue;
            }
            sent += 1;
            let answer = owner.post_text(&write.path, &bad.text).await;
            let complaint = complaint(&answer, &bad.param);
            complaints.extend(complaint.map(|text| format!("POST {}: {}: {text}", write.path, bad.what)));
        }
    }
    app.note(format!("{sent} malformed bodies on {} routes", writes.len()));
    assert!(complaints.is_empty(), "{} of {sent} not refused by field:\n{}", complaints.len(), complaints.join("\n"));
    assert_eq!(before, stored(&stack.database, &environment.schema).await, "a refused body was stored");
}

async fn the_staff_api_refuses_malformed_specifications_by_field_and_stores_nothing(app: App) {
    let stack = app.shared().await;
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, crate::app::mint::KeyKind::P256);
    let staff = stack.staff("staff_admin");
    let good = Good {
        body: specification(&slug, issuer.url(), &Plan::default()),
        fields: vec![
            ("/slug", Kind::Word),
            ("/name", Kind::Text),
            ("/plan", Kind::Word),
            ("/key_provider", Kind::Word),
            ("/issuer", Kind::Map),
            ("/issuer/url", Kind::Word),
            ("/issuer/shared", Kind::Flag),
            ("/issuer/audience_live", Kind::Name),
            ("/issuer/tenant_claim", Kind::Name),
            ("/issuer/algorithms", Kind::List),
            ("/issuer/algorithms/0", Kind::Word),
            ("/members", Kind::List),
            ("/members/0", Kind::Map),
            ("/members/0/subject", Kind::Text),
            ("/members/0/role", Kind::Word),
        ],
        required: vec!["slug", "name", "key_provider", "issuer"],
    };
    let count = || async { stack.database.count("platform", "tenant").await };
    let mut complaints = Vec::new();
    let bodies = malformed::bodies(&good);
    let sent = bodies.len();
    for bad in bodies {
        if ["tenant", "id", "livemode", "balance"].contains(&bad.param.as_str()) {
            continue;
        }
        let answer = staff.post_text("/platform/v1/tenants", &bad.text).await;
        complaints.extend(complaint(&answer, &bad.param).map(|text| format!("{}: {text}", bad.what)));
    }
    let of_slug = format!("SELECT count(*) FROM platform.tenant WHERE slug = '{slug}'");
    app.note(format!("{sent} malformed specifications; {} tenants in all", count().await));
    assert!(complaints.is_empty(), "{} of {sent} not refused by field:\n{}", complaints.len(), complaints.join("\n"));
    assert_eq!(stack.database.number(&of_slug).await, 0);
    staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
}

async fn lists_refuse_malformed_queries_by_name(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let wallet = owner.open_wallet("eur").await;
    let mut complaints = Vec::new();
    for list in ["customers", "wallets", "wallet_transfers", "audit_records", "members", "api_keys"] {
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
        ("/v1/wallet_transfers?customer=%27", "customer"),
    ] {
        complaints.extend(complaint(&owner.get(path).await, param).map(|text| format!("{path}: {text}")));
    }
    let many: String = (0..200).map(|number| format!("a{number}=1&")).collect();
    let answer = owner.get(&format!("/v1/wallets?{many}")).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

async fn ids_that_are_no_ids_do_not_exist(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let random = "01jd0000000000000000000000";
    for (path, prefix) in
        [("customers", "cus"), ("wallets", "wal"), ("wallet_transfers", "wtr"), ("audit_records", "aud")]
    {
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

async fn a_body_of_ten_megabytes_is_refused_on_every_write_route(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let authorization = format!("Authorization: {}", owner.authorization().unwrap());
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(10 * 1_024 * 1_024));
    for write in writes(&environment).await {
        let answer = owner.post_text(&write.path, &large).await;
        assert_eq!(answer.refused(413, "body_too_large")["param"], "body", "{}", write.path);
        // Without a length it has to be counted while it comes.
        let mut bytes = wire::request(
            "POST",
            &write.path,
            &[
                authorization.clone(),
                "Content-Type: application/json".to_owned(),
                "Transfer-Encoding: chunked".to_owned(),
            ],
            "",
        );
        bytes.extend_from_slice(format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len()).as_bytes());
        let raw = wire::exchange(stack.api.address(), &bytes).await;
        assert_eq!(raw.status, 413, "{}: {} {}", write.path, raw.head, raw.body);
    }
    owner.open_wallet("eur").await;
}

async fn a_body_that_is_not_announced_as_json_is_refused(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let authorization = format!("Authorization: {}", environment.member("owner").authorization().unwrap());
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/jsonp", ""] {
        let body = "{\"currency\":\"eur\"}";
        let request = format!(
            "POST /v1/wallets HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = wire::exchange(stack.api.address(), request.as_bytes()).await;
        assert_eq!(answer.status, 415, "{kind}: {}", answer.body);
    }
    assert_eq!(stack.database.count(&environment.schema, "wallet").await, 0);
}

async fn other_methods_and_spellings_of_a_path_reach_nothing_else(app: App) {
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

async fn requests_that_could_be_read_in_two_ways_are_refused(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let authorization = format!("Authorization: {}", environment.member("owner").authorization().unwrap());
    let body = "{\"currency\":\"eur\"}";
    let hidden = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let post = |headers: &str, body: &str| {
        format!(
            "POST /v1/wallets HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}"
        )
    };
    for (name, request) in [
        ("two lengths", post(&format!("Content-Length: {}\r\nContent-Length: 1", body.len()), body)),
        (
            "a length and chunks",
            post(
                &format!("Content-Length: {}\r\nTransfer-Encoding: chunked", body.len()),
                &format!("0\r\n\r\n{hidden}"),
            ),
        ),
        ("chunks that are not last", post("Transfer-Encoding: chunked, identity", &format!("0\r\n\r\n{hidden}"))),
        ("a length that is no number", post("Content-Length: +18", body)),
        ("a negative length", post("Content-Length: -1", body)),
        ("a line feed in a header", post("X-A: b\n c: d\r\nContent-Length: 0", "")),
        ("a space before the colon", post(&format!("Content-Length : {}", body.len()), body)),
        ("a chunk of a size that is no number", post("Transfer-Encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n")),
    ] {
        let mut stream = TcpStream::connect(stack.api.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        let _cut_or_still_waiting = timeout(Duration::from_secs(2), stream.read_to_string(&mut text)).await;
        let answers = text.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{name}: read as {answers} requests:\n{text}");
        assert!(!text.starts_with("HTTP/1.1 2"), "{name}: {text}");
    }
    assert_eq!(stack.database.count(&environment.schema, "wallet").await, 0);
}

/// Opens a connection, sends the start of a request and then a byte now and then. Answers how long it lived, and what
/// came back.
async fn drip(address: String, start: String, every: Duration) -> (Duration, String) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let began = Instant::now();
    let mut text = String::new();
    while began.elapsed() < Duration::from_secs(40) {
        let mut chunk = [0; 1_024];
        match timeout(every, stream.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(read)) => text.push_str(&String::from_utf8_lossy(&chunk[..read])),
            Err(_) => drop(stream.write_all(b"x").await),
        }
    }
    (began.elapsed(), text)
}

async fn clients_that_drip_are_cut_off_and_cost_nobody_else(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let address = stack.api.address().to_owned();
    let headers = "GET /v1/wallets HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_owned();
    let body = format!(
        "POST /v1/wallets HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{\"currency\":\"",
        owner.authorization().unwrap()
    );
    let every = Duration::from_millis(500);
    let slow_headers = join_all((0..50).map(|_| tokio::spawn(drip(address.clone(), headers.clone(), every))));
    let slow_bodies = join_all((0..10).map(|_| tokio::spawn(drip(address.clone(), body.clone(), every))));
    let silent = join_all((0..50).map(|_| tokio::spawn(drip(address.clone(), String::new(), Duration::from_mins(1)))));
    let others = async {
        let began = Instant::now();
        let mut slowest = Duration::ZERO;
        while began.elapsed() < Duration::from_secs(8) {
            let sent = Instant::now();
            assert_eq!(owner.get("/v1/wallets").await.status, 200);
            slowest = slowest.max(sent.elapsed());
            sleep(Duration::from_millis(100)).await;
        }
        slowest
    };
    let (headers, bodies, silent, slowest) = tokio::join!(slow_headers, slow_bodies, silent, others);
    for (name, ends) in [("headers", headers), ("bodies", bodies), ("silence", silent)] {
        let ends: Vec<(Duration, String)> = ends.into_iter().map(Result::unwrap).collect();
        let longest = ends.iter().map(|end| end.0).max().unwrap();
        app.note(format!(
            "slow {name}: cut off after {longest:.1?} at the latest; others waited {slowest:.1?} at most"
        ));
        assert!(longest < Duration::from_secs(15), "slow {name} lived {longest:?}");
        for (_, text) in ends.iter().filter(|_| name == "bodies") {
            assert!(text.contains("408") && text.contains("body_timeout"), "{text}");
        }
    }
    assert!(slowest < Duration::from_secs(2), "others waited {slowest:?}");
    assert_eq!(stack.database.count(&environment.schema, "wallet").await, 0);
}
