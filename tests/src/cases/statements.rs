//! Statements, balances at a moment and the trial balance, through HTTP.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use futures::future::join_all;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::cases;
use crate::app::{
    App,
    client::{Answer, Client, Extras},
};

cases!("statements":
    a_statement_adds_up_in_all_three_forms,
    a_long_statement_comes_in_pieces_and_adds_up_while_money_moves,
    a_booking_dated_back_stands_where_it_counts,
    periods_that_make_no_sense_are_refused_by_name,
    balances_at_a_moment_and_the_trial_balance_follow_effective_dates,
    the_statement_of_a_wallet_one_may_not_see_does_not_exist,
);

/// Movements of a statement that does not fit one piece.
const MANY: usize = 2_300;

/// A wallet without a floor, for money from outside.
async fn open_clearing_wallet(owner: &Client) -> String {
    owner.post("/v1/wallets", json!({"currency": "eur", "type": "clearing"})).await.id()
}

fn dated(source: &str, destination: &str, amount: i64, occurred_at: &str) -> Value {
    json!({
        "source": source, "destination": destination, "amount": amount, "currency": "eur", "occurred_at": occurred_at,
    })
}

fn unix(text: &str) -> i64 {
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap().unix_timestamp()
}

fn path(wallet: &str, from: &str, to: &str) -> String {
    format!("/v1/wallets/{wallet}/statement?from={from}&to={to}")
}

async fn accepting(client: &Client, path: &str, form: &str) -> Answer {
    let extras = Extras { headers: vec![("accept".to_owned(), form.to_owned())], ..Extras::default() };
    client.send("GET", path, extras).await
}

/// Opening and movements come to every balance on the way, and to closing.
#[track_caller]
fn assert_adds_up(statement: &Value) {
    let mut balance = statement["opening_balance"].as_i64().unwrap();
    let (mut credits, mut debits) = (0, 0);
    for movement in statement["movements"].as_array().unwrap() {
        let amount = movement["amount"].as_i64().unwrap();
        balance += amount;
        *if amount > 0 { &mut credits } else { &mut debits } += amount.abs();
        assert_eq!(movement["balance_after"], balance, "{movement}");
    }
    assert_eq!(statement["closing_balance"], balance);
    assert_eq!((&statement["total_credits"], &statement["total_debits"]), (&json!(credits), &json!(debits)));
}

/// Asks the validator that `make setup` installs.
fn assert_valid_camt053(xml: &str) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/iso20022/camt.053.001.08.xsd");
    let mut validator = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("xmllint is missing: run `make setup`");
    validator.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let output = validator.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{xml:.4000}", String::from_utf8_lossy(&output.stderr));
}

async fn a_statement_adds_up_in_all_three_forms(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let metadata = json!({"source_account": "2378"});
    let wallet = owner.post("/v1/wallets", json!({"currency": "eur", "metadata": metadata})).await.id();
    let outside = open_clearing_wallet(&owner).await;
    for order in [
        dated(&outside, &wallet, 1_000, "2024-01-31T23:59:59Z"),
        json!({
            "source": outside, "destination": wallet, "amount": 250, "currency": "eur",
            "occurred_at": unix("2024-02-01T00:00:00Z"),
            "description": "=Smith & <Söns>, \"Rent\"", "metadata": {"source_id": "695247"},
        }),
        dated(&wallet, &outside, 1_249, "2024-02-29T23:59:59.999Z"),
        dated(&outside, &wallet, 7, "2024-03-01T00:00:00Z"),
    ] {
        owner.post("/v1/wallet_transfers", order).await.ok();
    }

    let february = path(&wallet, "2024-02-01", "2024-02-29");
    let answer = owner.get(&february).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let statement = answer.ok();
    assert_adds_up(&statement);
    assert_eq!(
        [&statement["object"], &statement["wallet"], &statement["currency"], &statement["from"], &statement["to"]],
        [&json!("statement"), &json!(wallet), &json!("eur"), &json!("2024-02-01"), &json!("2024-02-29")]
    );
    assert!(statement["id"].as_str().unwrap().starts_with("stmt_"), "{statement}");
    assert_eq!(statement["metadata"], metadata);
    assert_eq!((&statement["opening_balance"], &statement["closing_balance"]), (&json!(1_000), &json!(1)));
    let movements = statement["movements"].as_array().unwrap();
    assert_eq!(movements.len(), 2, "{statement}");
    let first = &movements[0];
    assert!(first["transfer"].as_str().unwrap().starts_with("wtr_"), "{first}");
    assert_eq!((&first["amount"], &first["counterparty"]), (&json!(250), &json!(outside)));
    assert_eq!(first["occurred_at"], unix("2024-02-01T00:00:00Z"));
    assert!(first["booked_at"].as_i64().unwrap() > unix("2026-01-01T00:00:00Z"), "{first}");
    assert_eq!(first["description"], "=Smith & <Söns>, \"Rent\"");
    assert_eq!(first["metadata"], json!({"source_id": "695247"}));
    assert_eq!(owner.get(&february).await.ok()["id"], statement["id"], "asked again, it has the same name");

    let csv = accepting(&owner, &february, "text/csv").await;
    assert_eq!((csv.status, csv.header("content-type")), (200, Some("text/csv; charset=utf-8; header=present")));
    let lines: Vec<&str> = csv.text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 5, "{}", csv.text);
    assert!(
        lines[2].contains(",250,1250,eur,") && lines[2].contains("\"'=Smith & <Söns>, \"\"Rent\"\"\""),
        "{lines:?}"
    );
    assert!(lines[3].contains(",-1249,1,eur,") && lines[4].starts_with("closing_balance,"), "{lines:?}");
    assert_eq!(owner.get(&format!("{february}&format=csv")).await.text, csv.text);

    let camt = owner.get(&format!("{february}&format=camt053")).await;
    assert_eq!((camt.status, camt.header("content-type")), (200, Some("application/xml")));
    assert_valid_camt053(&camt.text);
    assert!(camt.text.contains("<Tp>source_id</Tp><Ref>695247</Ref>"), "{}", camt.text);
    assert!(camt.text.contains("=Smith &amp; &lt;Söns&gt;"), "{}", camt.text);
    assert_eq!(accepting(&owner, &february, "application/xml").await.status, 200);

    let empty = path(&wallet, "2023-01-01", "2023-12-31");
    let statement = owner.get(&empty).await.ok();
    assert_eq!((&statement["opening_balance"], &statement["movements"]), (&json!(0), &json!([])));
    assert_valid_camt053(&owner.get(&format!("{empty}&format=camt053")).await.text);
    // The other side is below zero.
    let below = owner.get(&format!("{}&format=camt053", path(&outside, "2024-02-01", "2024-03-01"))).await;
    assert_valid_camt053(&below.text);
    assert!(below.text.contains("<Amt Ccy=\"EUR\">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>"), "{}", below.text);
}

async fn a_long_statement_comes_in_pieces_and_adds_up_while_money_moves(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let wallet = owner.open_wallet("eur").await;
    let outside = open_clearing_wallet(&owner).await;
    let item = |number: usize| dated(&outside, &wallet, 1 + i64::try_from(number % 7).unwrap(), "2025-03-05T10:00:00Z");
    let items: Vec<Value> = (0..MANY).map(item).collect();
    let body = json!({"mode": "independent", "transfers": items});
    let answer = owner.post("/v1/wallet_transfers/bulk", body).await;
    assert_eq!(answer.text.lines().count(), MANY, "{} {:.300}", answer.status, answer.text);

    let march = path(&wallet, "2025-03-01", "2025-03-31");
    let moving = async {
        for _ in 0..40 {
            owner.post("/v1/wallet_transfers", dated(&outside, &wallet, 3, "2025-03-05T11:00:00Z")).await.ok();
        }
    };
    let reading = async {
        let mut counts = Vec::new();
        for _ in 0..6 {
            let statements = join_all((0..3).map(|_| owner.get(&march))).await;
            for statement in statements {
                let statement = statement.ok();
                assert_adds_up(&statement);
                counts.push(statement["movements"].as_array().unwrap().len());
            }
        }
        counts
    };
    let ((), counts) = tokio::join!(moving, reading);
    assert!(counts.iter().all(|count| (MANY..=MANY + 40).contains(count)), "{counts:?}");
    let camt = owner.get(&format!("{march}&format=camt053")).await;
    assert_valid_camt053(&camt.text);
    assert_eq!(camt.text.matches("<Ntry>").count(), MANY + 40);
    let csv = owner.get(&format!("{march}&format=csv")).await;
    assert_eq!(csv.text.lines().count(), MANY + 40 + 3);
}

async fn a_booking_dated_back_stands_where_it_counts(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let wallet = owner.open_wallet("eur").await;
    let outside = open_clearing_wallet(&owner).await;
    for (amount, at) in [
        (100, "2025-05-10T12:00:00Z"),
        (20, "2025-05-20T12:00:00Z"),
        (3, "2025-05-15T12:00:00Z"),
        (1_000, "2025-04-30T12:00:00Z"),
    ] {
        owner.post("/v1/wallet_transfers", dated(&outside, &wallet, amount, at)).await.ok();
    }
    for id in [&wallet, &outside] {
        let statement = owner.get(&path(id, "2025-05-01", "2025-05-31")).await.ok();
        assert_adds_up(&statement);
        let sign = if *id == wallet { 1 } else { -1 };
        assert_eq!(statement["opening_balance"], 1_000 * sign);
        let movements = statement["movements"].as_array().unwrap();
        let found: Vec<i64> = movements.iter().map(|movement| movement["balance_after"].as_i64().unwrap()).collect();
        assert_eq!(found, [1_100, 1_103, 1_123].map(|balance| balance * sign));
    }
}

async fn periods_that_make_no_sense_are_refused_by_name(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let wallet = owner.open_wallet("eur").await;
    let today = OffsetDateTime::from_unix_timestamp(
        owner.get(&format!("/v1/wallets/{wallet}")).await.ok()["created"].as_i64().unwrap(),
    )
    .unwrap()
    .date();
    let (tomorrow, yesterday) = (today + Duration::days(2), today - Duration::DAY);
    for (query, param) in [
        (String::new(), "from"),
        ("from=2026-01-01".to_owned(), "to"),
        ("to=2026-01-01".to_owned(), "from"),
        ("from=2026-02-30&to=2026-03-01".to_owned(), "from"),
        ("from=2026-01-01&to=tomorrow".to_owned(), "to"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-02".to_owned(), "from"),
        ("from=&to=2026-01-02".to_owned(), "from"),
        ("from=2026-01-02&to=2026-01-01".to_owned(), "to"),
        ("from=2099-01-01&to=2099-01-31".to_owned(), "from"),
        (format!("from={yesterday}&to={tomorrow}"), "to"),
        ("from=2020-01-01&to=2025-01-01".to_owned(), "to"),
        ("from=0000-01-01&to=2025-01-01".to_owned(), "from"),
        ("from=2026-01-01&to=2026-01-02&format=pdf".to_owned(), "format"),
        ("from=2026-01-01&to=2026-01-02&format=".to_owned(), "format"),
        ("from=2026-01-01&from=2026-01-01&to=2026-01-02".to_owned(), "from"),
        ("from=2026-01-01&to=2026-01-02&page=2".to_owned(), "page"),
        ("from=%00&to=2026-01-02".to_owned(), "from"),
    ] {
        let answer = owner.get(&format!("/v1/wallets/{wallet}/statement?{query}")).await;
        assert_eq!((answer.status, answer.param().as_deref()), (400, Some(param)), "{query}: {}", answer.text);
        answer.error();
    }
    assert_eq!(owner.get(&path(&wallet, &yesterday.to_string(), &today.to_string())).await.status, 200);
    for at in ["", "yesterday", "2099-01-01T00:00:00Z", "4102444800", "1.5", "-99999999999999", "2026-01-01"] {
        for route in [format!("/v1/wallets/{wallet}/balance?at={at}"), format!("/v1/trial_balance?at={at}")] {
            let answer = owner.get(&route).await;
            assert_eq!((answer.status, answer.param().as_deref()), (400, Some("at")), "{route}: {}", answer.text);
        }
    }
}

async fn balances_at_a_moment_and_the_trial_balance_follow_effective_dates(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let wallet = owner.open_wallet("eur").await;
    let outside = open_clearing_wallet(&owner).await;
    for (amount, at) in [(100, "2025-05-10T12:00:00Z"), (20, "2025-05-20T12:00:00Z"), (3, "2025-05-15T12:00:00Z")] {
        owner.post("/v1/wallet_transfers", dated(&outside, &wallet, amount, at)).await.ok();
    }
    for (at, expected) in [
        ("2025-05-10T11:59:59Z", 0),
        ("2025-05-10T12:00:00Z", 100),
        ("2025-05-10T14:00:00%2B02:00", 100),
        ("2025-05-19T00:00:00Z", 103),
        ("1747742400", 123),
    ] {
        let balance = owner.get(&format!("/v1/wallets/{wallet}/balance?at={at}")).await.ok();
        assert_eq!((&balance["balance"], &balance["wallet"]), (&json!(expected), &json!(wallet)), "{at}");
        let trial = owner.get(&format!("/v1/trial_balance?at={at}")).await.ok();
        let eur = &trial["currencies"][0];
        assert_eq!(
            [&eur["total_debits"], &eur["total_credits"], &eur["balance"]],
            [&json!(expected), &json!(expected), &json!(0)],
            "{at}"
        );
    }
    let now = owner.get(&format!("/v1/wallets/{wallet}/balance")).await.ok();
    assert_eq!(
        (&now["object"], &now["balance"], &now["currency"]),
        (&json!("wallet_balance"), &json!(123), &json!("eur"))
    );
    let trial = owner.get("/v1/trial_balance").await.ok();
    assert_eq!((&trial["object"], &trial["livemode"]), (&json!("trial_balance"), &json!(false)));
    assert_eq!(trial["currencies"][0]["accounts"], 2);
}

async fn the_statement_of_a_wallet_one_may_not_see_does_not_exist(app: App) {
    let (tenant, stranger) = tokio::join!(app.tenant(), app.tenant());
    let environment = tenant.test;
    let owner = environment.member("owner");
    let wallet = owner.open_funded_wallet(500).await;
    let foreign = stranger.test.member("owner").open_funded_wallet(500).await;
    let end_user = environment.end_user("ada");
    end_user.post("/v1/customers", json!({})).await.ok();
    let own = end_user.post("/v1/wallets", json!({"currency": "eur"})).await.id();
    let missing = "wal_01jd0000000000000000000000";
    for route in ["balance", "statement?from=2026-01-01&to=2026-01-02"] {
        let reference = owner.get(&format!("/v1/wallets/{missing}/{route}")).await;
        reference.refused(404, "resource_missing");
        for (client, id) in
            [(&owner, foreign.as_str()), (&end_user, &wallet), (&end_user, &foreign), (&owner, "x"), (&owner, "%ff")]
        {
            let answer = client.get(&format!("/v1/wallets/{id}/{route}")).await;
            assert_eq!((answer.status, &answer.text), (404, &reference.text), "{id}/{route}");
        }
        assert_eq!(end_user.get(&format!("/v1/wallets/{own}/{route}")).await.status, 200);
    }
    end_user.get("/v1/trial_balance").await.refused(403, "permission_denied");
}
