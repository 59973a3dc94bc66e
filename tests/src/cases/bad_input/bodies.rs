//! Bodies: malformed field by field, too large, or not announced as JSON.

use serde_json::json;

use super::complaint;
use crate::app::{
    App,
    database::{Contents, Database},
    malformed::{self, Good, Kind},
    quote_from_euro,
    tenant::{Environment, Plan, specification},
    wire,
};

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
    owner.post("/v1/fx_rates", json!({"base": "eur", "rates": {"usd": "1.25"}})).await.ok();
    let quote = owner.post("/v1/fx_quotes", quote_from_euro("usd")).await.id();
    let dollars = owner.open_wallet("usd").await;
    let held = {
        let body = json!({"source": source, "destination": destination, "amount": 50, "currency": "eur"});
        owner.post("/v1/wallet_holds", body).await.id()
    };
    let write =
        |path: &str, body, fields, required| Write { path: path.to_owned(), good: Good { body, fields, required } };
    vec![
        write("/v1/customers", with_identity, identity_fields, vec![]),
        write(&format!("/v1/customers/{customer}"), personal, personal_fields, vec![]),
        write(
            "/v1/wallets",
            json!({"currency": "eur", "customer": customer, "type": "standard", "metadata": {"k": "v"}}),
            vec![
                ("/currency", Kind::Currency),
                ("/type", Kind::Word),
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
        write(
            "/v1/wallet_transfers/bulk",
            json!({"mode": "independent", "transfers": [{"source": source, "destination": destination, "amount": 5,
                "currency": "eur", "metadata": {"k": "v"}, "idempotency_key": "one"}]}),
            vec![
                ("/mode", Kind::Word),
                ("/transfers", Kind::List),
                ("/transfers/0", Kind::Map),
                ("/transfers/0/amount", Kind::Amount),
                ("/transfers/0/currency", Kind::Currency),
                ("/transfers/0/metadata", Kind::Map),
            ],
            vec!["mode", "transfers"],
        ),
        write(
            "/v1/wallet_holds",
            json!({"source": source, "destination": destination, "amount": 5, "currency": "eur", "metadata": {"k": "v"}}),
            vec![
                ("/source", Kind::Word),
                ("/destination", Kind::Word),
                ("/amount", Kind::Amount),
                ("/currency", Kind::Currency),
                ("/metadata", Kind::Map),
            ],
            vec!["source", "destination", "amount", "currency"],
        ),
        write(
            &format!("/v1/wallet_holds/{held}/capture"),
            json!({"amount": 5}),
            vec![("/amount", Kind::Amount)],
            vec![],
        ),
        write(
            "/v1/fx_rates",
            json!({"base": "eur", "rates": {"usd": "1.25"}, "effective_date": "2026-01-02", "source": "desk"}),
            vec![
                ("/base", Kind::Currency),
                ("/rates", Kind::Map),
                ("/rates/usd", Kind::Word),
                ("/effective_date", Kind::Word),
                ("/source", Kind::Text),
            ],
            vec!["base", "rates"],
        ),
        write("/v1/fx_settings", json!({"rate_age_days_max": 5}), vec![("/rate_age_days_max", Kind::Amount)], vec![]),
        write(
            "/v1/fx_quotes",
            json!({"to_currency": "usd", "from_currencies": ["eur"], "lock_duration": "hour", "customer": customer}),
            vec![
                ("/to_currency", Kind::Currency),
                ("/from_currencies", Kind::List),
                ("/from_currencies/0", Kind::Currency),
                ("/lock_duration", Kind::Word),
                ("/customer", Kind::Word),
            ],
            vec!["to_currency", "from_currencies", "lock_duration"],
        ),
        write(
            "/v1/fx_conversions",
            json!({"quote": quote, "source": source, "destination": dollars, "amount": 5, "currency": "eur", "metadata": {"k": "v"}}),
            vec![
                ("/quote", Kind::Word),
                ("/source", Kind::Word),
                ("/destination", Kind::Word),
                ("/amount", Kind::Amount),
                ("/currency", Kind::Currency),
                ("/metadata", Kind::Map),
                ("/metadata/k", Kind::Text),
            ],
            vec!["quote", "source", "destination", "amount"],
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

pub async fn every_write_route_refuses_every_malformed_body_by_field_and_stores_nothing(app: App) {
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

pub async fn the_staff_api_refuses_malformed_specifications_by_field_and_stores_nothing(app: App) {
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

pub async fn a_body_of_ten_megabytes_is_refused_on_every_write_route(app: App) {
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

pub async fn a_body_that_is_not_announced_as_json_is_refused(app: App) {
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
