//! Conversion between currencies through HTTP: files of rates, quotes, and the money that follows them.

use std::{fmt::Write as _, time::Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::cases;
use crate::app::{
    App,
    client::{Answer, Client, Extras},
    quote_from_euro,
    tenant::Environment,
};

cases!("fx":
    a_file_of_the_central_bank_is_loaded_and_its_bad_lines_are_named,
    the_whole_history_is_loaded_in_one_request_and_again_without_effect,
    what_is_no_such_file_is_refused_and_nothing_is_stored,
    a_quote_has_the_shape_of_the_preview_api,
    a_conversion_moves_both_legs_and_books_the_spread,
    a_quote_used_twice_over_or_of_another_customer_is_refused_and_moves_nothing,
    one_quote_serves_one_of_many_conversions_on_two_processes,
    a_policy_may_bound_what_is_converted,
);

/// The form of the published file of one day; the figures are made up, and so is the torn line behind them.
const DAILY: &str = "Date, USD, JPY, BGN, CZK, BHD, \n20 November 2026, 1.25, 160, 1.9558, 24.181, 0.5, \n";

async fn load(client: &Client, file: &str, key: Option<&str>) -> Answer {
    let extras = Extras {
        raw_body: Some(file.to_owned()),
        headers: vec![("content-type".to_owned(), "text/csv; charset=utf-8".to_owned())],
        key: key.map(str::to_owned),
        ..Extras::default()
    };
    client.send("POST", "/v1/fx_rates", extras).await
}

fn conversion(quote: &str, source: &str, destination: &str, amount: i64) -> Value {
    json!({"quote": quote, "source": source, "destination": destination, "amount": amount})
}

/// A tenant with the rates of a day.
async fn with_rates(app: &App) -> Environment {
    let environment = app.tenant().await.test;
    load(&environment.member("owner"), DAILY, None).await.ok();
    environment
}

/// The balance of a clearing account.
async fn clearing(app: &App, environment: &Environment, purpose: &str, currency: &str) -> i64 {
    let schema = &environment.schema;
    let balance = format!(
        "SELECT a.balance_minor FROM {schema}.ledger_clearing_account c JOIN {schema}.ledger_account a ON a.id = c.account_id \
         WHERE c.purpose = '{purpose}' AND c.currency = '{currency}'"
    );
    app.shared().await.database.number(&balance).await
}

async fn a_file_of_the_central_bank_is_loaded_and_its_bad_lines_are_named(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let loaded = load(&owner, DAILY, None).await.ok();
    assert_eq!(
        (&loaded["object"], &loaded["base"], &loaded["source"]),
        (&json!("fx_rate_import"), &json!("eur"), &json!("ecb"))
    );
    assert_eq!((&loaded["loaded"], &loaded["rejected"]), (&json!(1), &json!(0)), "{loaded}");
    assert_eq!(loaded["last_effective_date"], "2026-11-20");

    let history = "Date,USD,JPY,CYP,\r\n2026-11-20,1.25,160,N/A,\r\n2026-11-19,1.2\r\nyesterday,1.2,150,N/A,\r\n\
        2026-11-18,1.2,abc,N/A,\r\n2026-11-17,1.2,N/A,0.58,\r\n2026-11-17,1.3,N/A,0.58,\r\n2026-11-16,0,1,N/A,\r\n\
        2026-11-15,1.1,149.5,N/A,";
    let answer = load(&owner, history, Some("history")).await;
    let imported = answer.ok();
    assert_eq!((&imported["loaded"], &imported["unchanged"], &imported["rejected"]), (&json!(3), &json!(0), &json!(5)));
    let lines: Vec<&Value> = imported["rejected_lines"].as_array().unwrap().iter().map(|bad| &bad["line"]).collect();
    assert_eq!(lines, [3, 4, 5, 7, 8]);
    assert_eq!(imported["skipped_currencies"], json!(["cyp"]));
    assert_eq!(imported["first_effective_date"], "2026-11-15");
    let again = load(&owner, history, Some("history")).await;
    assert_eq!((again.text.as_str(), again.header("idempotent-replayed")), (answer.text.as_str(), Some("true")));
    let other = load(&owner, DAILY, Some("history")).await;
    assert_eq!((other.status, other.error()["type"].as_str()), (400, Some("idempotency_error")));

    let body = json!({"base": "usd", "rates": {"mxn": "18.5"}, "effective_date": "2026-11-19", "source": "desk"});
    let by_hand = owner.post("/v1/fx_rates", body).await.ok();
    assert_eq!((&by_hand["object"], &by_hand["rates"]), (&json!("fx_rate"), &json!({"mxn": "18.5"})));
    let dates: Vec<Value> = owner.all("/v1/fx_rates").await.iter().map(|rate| rate["effective_date"].clone()).collect();
    assert_eq!(dates, ["2026-11-20", "2026-11-20", "2026-11-19", "2026-11-17", "2026-11-15"]);
    for (body, param) in [
        (json!({"base": "eur", "rates": {}}), "rates"),
        (json!({"base": "eur", "rates": {"eur": "1"}}), "rates"),
        (json!({"base": "eur", "rates": {"usd": 1}}), "rates[usd]"),
        (json!({"base": "eur", "rates": {"usd": "-1"}}), "rates[usd]"),
        (json!({"base": "eur", "rates": {"usd": "0"}}), "rates[usd]"),
        (json!({"base": "eur", "rates": {"usd": "1e2"}}), "rates[usd]"),
        (json!({"base": "eur", "rates": {"usd": "1.2345678901234"}}), "rates[usd]"),
        (json!({"base": "eur", "rates": {"doge": "1"}}), "rates"),
        (json!({"base": "eur", "rates": {"usd": "1"}, "effective_date": "20 November 2026"}), "effective_date"),
        (json!({"base": "eur", "rates": {"usd": "1"}, "effective_date": "2026-02-30"}), "effective_date"),
    ] {
        let answer = owner.post("/v1/fx_rates", body).await;
        assert_eq!((answer.status, answer.param().as_deref()), (400, Some(param)), "{}", answer.text);
    }
}

/// As many days and currencies as the bank has published by now.
fn long_history() -> (String, usize) {
    let codes = "USD,JPY,BGN,CZK,DKK,GBP,HUF,PLN,RON,SEK,CHF,ISK,NOK,TRY,AUD,BRL,CAD,CNY,HKD,IDR,ILS,INR,KRW,MXN,MYR,NZD,PHP,SGD,THB,ZAR";
    let mut file = format!("Date,{codes},\n");
    let mut days = 0;
    for year in 1999..=2025 {
        for day in 0..262 {
            let (month, of_month) = (day / 22 + 1, day % 22 + 1);
            write!(file, "{year}-{month:02}-{of_month:02},").unwrap();
            for column in 0..codes.split(',').count() {
                write!(file, "{}.{:04},", column + 1, (day * 7 + column * 13 + year) % 10_000).unwrap();
            }
            file.push('\n');
            days += 1;
        }
    }
    (file, days)
}

async fn the_whole_history_is_loaded_in_one_request_and_again_without_effect(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let (file, days) = long_history();
    for (loaded, unchanged) in [(days, 0), (0, days)] {
        let began = Instant::now();
        let answer = load(&owner, &file, None).await.ok();
        assert_eq!((&answer["loaded"], &answer["unchanged"]), (&json!(loaded), &json!(unchanged)), "{answer}");
        app.note(format!("{days} days in {} bytes: {loaded} written in {:.1?}", file.len(), began.elapsed()));
    }
    assert_eq!(app.shared().await.database.count(&environment.schema, "fx_rate").await, i64::try_from(days).unwrap());
    let began = Instant::now();
    let quote = json!({"to_currency": "usd", "from_currencies": ["jpy", "gbp", "chf"], "lock_duration": "none"});
    owner.post("/v1/fx_quotes", quote).await.ok();
    app.note(format!("a quote over three currencies from it in {:.1?}", began.elapsed()));
}

async fn what_is_no_such_file_is_refused_and_nothing_is_stored(app: App) {
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    for (file, code) in [
        ("", "fx_rate_file_invalid"),
        ("\n\n", "fx_rate_file_invalid"),
        ("{\"base\":\"eur\"}", "fx_rate_file_invalid"),
        ("Datum,USD,\n2026-11-20,1.1,\n", "fx_rate_file_invalid"),
        ("Date,USD,USD,\n2026-11-20,1.1,1.1,\n", "fx_rate_file_invalid"),
        ("PK\u{3}\u{4}", "fx_rate_file_invalid"),
    ] {
        assert_eq!(load(&owner, file, None).await.refused(400, code)["param"], "body", "{file:?}");
    }
    let large = format!("Date,USD,\n{}", "2026-11-20,1.1,\n".repeat(600_000));
    assert_eq!(load(&owner, &large, None).await.refused(413, "body_too_large")["param"], "body");
    let extras = Extras {
        raw_body: Some(DAILY.to_owned()),
        headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
        ..Extras::default()
    };
    owner.send("POST", "/v1/fx_rates", extras).await.refused(415, "unsupported_media_type");
    load(&environment.member("operator"), DAILY, None).await.refused(403, "permission_denied");
    assert_eq!(app.shared().await.database.count(&environment.schema, "fx_rate").await, 0);
}

async fn a_quote_has_the_shape_of_the_preview_api(app: App) {
    let environment = with_rates(&app).await;
    let owner = environment.member("owner");
    let body = json!({"to_currency": "usd", "from_currencies": ["eur", "jpy"], "lock_duration": "hour"});
    let quote = owner.post("/v1/fx_quotes", body).await.ok();
    let names: Vec<&str> = quote.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "id",
        "object",
        "customer",
        "created",
        "lock_duration",
        "lock_expires_at",
        "lock_status",
        "rates",
        "to_currency",
        "livemode",
    ];
    assert_eq!(names, expected);
    assert!(quote["id"].as_str().unwrap().starts_with("fxq_"));
    assert_eq!((&quote["object"], &quote["lock_status"]), (&json!("fx_quote"), &json!("active")));
    assert_eq!(quote["lock_expires_at"].as_i64().unwrap() - quote["created"].as_i64().unwrap(), 3_600);
    assert_eq!(
        quote["rates"]["eur"],
        json!({
            "exchange_rate": 1.2375,
            "rate_details": {
                "base_rate": 1.25, "duration_premium": 0.0, "fx_fee_rate": 0.01, "reference_rate": 1.25,
                "reference_rate_date": "2026-11-20", "reference_rate_provider": "ecb",
            },
        })
    );
    // Through the euro: 1.25 / 160, less the spread.
    assert_eq!(quote["rates"]["jpy"]["exchange_rate"], json!(0.007_734_375));
    assert_eq!(owner.get(&format!("/v1/fx_quotes/{}", quote["id"].as_str().unwrap())).await.ok(), quote);
    let none = json!({"to_currency": "usd", "from_currencies": ["eur"], "lock_duration": "none"});
    let none = owner.post("/v1/fx_quotes", none).await.ok();
    assert_eq!((&none["lock_status"], &none["lock_expires_at"]), (&json!("none"), &Value::Null));

    assert_eq!(owner.get("/v1/fx_settings").await.ok()["spread_basis_points"], 100);
    let settings = owner.post("/v1/fx_settings", json!({"spread_basis_points": 0, "rate_age_days_max": 3_650})).await;
    assert_eq!(
        (&settings.ok()["spread_basis_points"], &settings.ok()["rate_age_days_max"]),
        (&json!(0), &json!(3_650))
    );
    let free = owner.post("/v1/fx_quotes", quote_from_euro("usd")).await.ok();
    assert_eq!(free["rates"]["eur"]["exchange_rate"], json!(1.25));
    for (points, status) in [(json!(-1), 400), (json!(5_001), 400), (json!("100"), 400), (json!(5_000), 200)] {
        let answer = owner.post("/v1/fx_settings", json!({"spread_basis_points": points})).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    for (to, from, code, param) in [
        ("usd", json!([]), "parameter_invalid_empty", "from_currencies"),
        ("usd", json!(["usd"]), "parameter_invalid", "from_currencies"),
        ("usd", json!(["eur", "eur"]), "parameter_invalid", "from_currencies"),
        ("usd", json!(["chf"]), "fx_rate_missing", "from_currencies"),
        ("chf", json!(["eur"]), "fx_rate_missing", "from_currencies"),
    ] {
        let body = json!({"to_currency": to, "from_currencies": from, "lock_duration": "day"});
        assert_eq!(owner.post("/v1/fx_quotes", body).await.refused(400, code)["param"], param);
    }
}

async fn a_conversion_moves_both_legs_and_books_the_spread(app: App) {
    let environment = with_rates(&app).await;
    let owner = environment.member("owner");
    let euros = owner.open_funded_wallet(100_000).await;
    let (dollars, yen, dinars) =
        tokio::join!(owner.open_wallet("usd"), owner.open_wallet("jpy"), owner.open_wallet("bhd"));
    let quote = owner.post("/v1/fx_quotes", quote_from_euro("usd")).await.id();
    let made = owner.post("/v1/fx_conversions", conversion(&quote, &euros, &dollars, 10_001)).await.ok();
    for (field, value) in [
        ("object", json!("fx_conversion")),
        ("quote", json!(quote)),
        ("amount", json!(10_001)),
        ("currency", json!("eur")),
        ("destination_amount", json!(12_376)),
        ("destination_currency", json!("usd")),
        ("spread_amount", json!(125)),
        ("exchange_rate", json!("1.2375")),
        ("base_rate", json!("1.25")),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(owner.get(&format!("/v1/fx_conversions/{}", made["id"].as_str().unwrap())).await.ok(), made);
    assert_eq!((owner.balance(&euros).await, owner.balance(&dollars).await), (89_999, 12_376));
    assert_eq!(clearing(&app, &environment, "fx_position", "eur").await, 10_001);
    assert_eq!(clearing(&app, &environment, "fx_position", "usd").await, -12_501);
    assert_eq!(clearing(&app, &environment, "fx_revenue", "usd").await, 125);

    // No digits behind the point, and three of them.
    let quote = owner.post("/v1/fx_quotes", quote_from_euro("jpy")).await.id();
    let made = owner.post("/v1/fx_conversions", conversion(&quote, &euros, &yen, 1_000)).await.ok();
    assert_eq!((&made["destination_amount"], &made["spread_amount"]), (&json!(1_584), &json!(16)));
    let body = json!({"to_currency": "bhd", "from_currencies": ["jpy"], "lock_duration": "day"});
    let quote = owner.post("/v1/fx_quotes", body).await.id();
    let made = owner.post("/v1/fx_conversions", conversion(&quote, &yen, &dinars, 1_584)).await.ok();
    // 1,584 yen are 4.95 dinars; less a hundredth, 4.9005.
    assert_eq!((&made["destination_amount"], &made["spread_amount"]), (&json!(4_900), &json!(50)));
    let back =
        owner.post("/v1/fx_quotes", json!({"to_currency": "jpy", "from_currencies": ["bhd"], "lock_duration": "day"}));
    let back = back.await.id();
    let made = owner.post("/v1/fx_conversions", conversion(&back, &dinars, &yen, 4_900)).await.ok();
    assert!(made["destination_amount"].as_i64().unwrap() < 1_584, "there and back gains nothing: {made}");
    assert_eq!(owner.all("/v1/fx_conversions").await.len(), 4);
    assert_eq!(owner.all(&format!("/v1/fx_conversions?wallet={dollars}")).await.len(), 1);
}

async fn a_quote_used_twice_over_or_of_another_customer_is_refused_and_moves_nothing(app: App) {
    let stack = app.shared().await;
    let environment = with_rates(&app).await;
    let owner = environment.member("owner");
    let (ada, bob) = (environment.end_user("ada"), environment.end_user("bob"));
    let ada_id = ada.create_customer("Ada", "ada@example.com").await;
    bob.create_customer("Bob", "bob@example.com").await;
    let (adas, bobs) = tokio::join!(ada.open_wallet("eur"), bob.open_wallet("eur"));
    let dollars = ada.open_wallet("usd").await;
    for wallet in [&adas, &bobs] {
        owner.fund(wallet, 10_000).await;
    }
    let quote = || async { ada.post("/v1/fx_quotes", quote_from_euro("usd")).await.id() };
    let (used, expired, good) = (quote().await, quote().await, quote().await);
    ada.post("/v1/fx_conversions", conversion(&used, &adas, &dollars, 100)).await.ok();
    let expire = format!(
        "UPDATE {}.fx_quote SET lock_expires_at = now() WHERE created_at = (SELECT created_at FROM {0}.fx_quote ORDER BY created_at OFFSET 1 LIMIT 1)",
        environment.schema
    );
    stack.database.execute(&expire).await;
    assert_eq!(ada.get(&format!("/v1/fx_quotes/{expired}")).await.ok()["lock_status"], "expired");
    let none = json!({"to_currency": "usd", "from_currencies": ["eur"], "lock_duration": "none"});
    let told = ada.post("/v1/fx_quotes", none).await.id();
    let shops = owner.post("/v1/fx_quotes", quote_from_euro("usd")).await.id();

    let balances = || async { (ada.balance(&adas).await, bob.balance(&bobs).await, ada.balance(&dollars).await) };
    let before = balances().await;
    let refusals = [
        (&ada, &used, &adas, 100, 400, "fx_quote_used", "quote"),
        (&ada, &expired, &adas, 100, 400, "fx_quote_expired", "quote"),
        (&ada, &told, &adas, 100, 400, "fx_quote_not_locked", "quote"),
        // Of another customer: to him it is not there, to the merchant it is another's.
        (&bob, &good, &bobs, 100, 404, "resource_missing", "quote"),
        (&bob, &shops, &bobs, 100, 404, "resource_missing", "quote"),
        (&owner, &good, &bobs, 100, 400, "fx_quote_of_another_customer", "quote"),
        (&ada, &good, &bobs, 100, 404, "resource_missing", "source"),
        (&ada, &good, &adas, 1_000_000, 400, "insufficient_funds", "amount"),
        (&ada, &good, &dollars, 100, 400, "same_wallet", "destination"),
    ];
    for (number, (who, quote, source, amount, status, code, param)) in refusals.into_iter().enumerate() {
        let body = conversion(quote, source, &dollars, amount);
        let key = format!("refusal-{number}");
        let error = who.post_keyed("/v1/fx_conversions", &key, body.clone()).await;
        assert_eq!(error.refused(status, code)["param"], param, "{}", error.text);
        let again = who.post_keyed("/v1/fx_conversions", &key, body).await;
        assert_eq!((again.status, again.text), (error.status, error.text), "a refusal is repeated");
    }
    assert_eq!(balances().await, before);
    assert_eq!(stack.database.count(&environment.schema, "fx_conversion").await, 1);
    // What was refused has not used the quote up; the merchant's own quote serves anybody's wallet.
    let made = ada.post("/v1/fx_conversions", conversion(&good, &adas, &dollars, 100)).await.ok();
    assert_eq!(made["customer"], ada_id.as_str());
    owner.post("/v1/fx_conversions", conversion(&shops, &bobs, &dollars, 100)).await.ok();
    assert_eq!(bob.all("/v1/fx_conversions").await.len(), 1);
    assert_eq!(bob.all("/v1/fx_quotes").await.len(), 0);
    bob.get(&format!("/v1/fx_conversions/{}", made["id"].as_str().unwrap())).await.refused(404, "resource_missing");
}

async fn one_quote_serves_one_of_many_conversions_on_two_processes(app: App) {
    let api = app.shared().await.another_api(Vec::new()).await;
    let environment = with_rates(&app).await;
    let there = environment.at(&api).await;
    let clients = [environment.api_key(), there.api_key()];
    let euros = clients[0].open_funded_wallet(100_000).await;
    let dollars = clients[0].open_wallet("usd").await;
    for _ in 0..3 {
        let quote = clients[1].post("/v1/fx_quotes", quote_from_euro("usd")).await.id();
        let before = clients[0].balance(&euros).await;
        let attempts = (0..20).map(|number: usize| {
            let body = conversion(&quote, &euros, &dollars, 1_000);
            let client = &clients[number % clients.len()];
            async move { client.post("/v1/fx_conversions", body).await }
        });
        let answers = join_all(attempts).await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(won, 1);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.refused(400, "fx_quote_used");
        }
        assert_eq!(clients[0].balance(&euros).await, before - 1_000);
    }
}

async fn a_policy_may_bound_what_is_converted(app: App) {
    let environment = with_rates(&app).await;
    let owner = environment.member("owner");
    let rules = json!([
        {"object": "fx_conversion", "action": "create", "conditions": {"amount_max": 500, "currency": ["eur"]}},
    ]);
    owner.post("/v1/roles", json!({"name": "changer", "rules": rules})).await.ok();
    let key = owner.post("/v1/api_keys", json!({"name": "booth", "role": "changer"})).await.ok();
    let booth = environment.anonymous().with_bearer(key["secret"].as_str().unwrap());
    let euros = owner.open_funded_wallet(100_000).await;
    let dollars = owner.open_wallet("usd").await;
    let quote = owner.post("/v1/fx_quotes", quote_from_euro("usd")).await.id();
    let with_currency = |amount, currency: &str| {
        let mut body = conversion(&quote, &euros, &dollars, amount);
        body["currency"] = json!(currency);
        body
    };
    booth.post("/v1/fx_conversions", with_currency(501, "eur")).await.refused(403, "permission_denied");
    booth.post("/v1/fx_conversions", with_currency(500, "usd")).await.refused(403, "permission_denied");
    // A currency that is not named meets no condition on it.
    booth.post("/v1/fx_conversions", conversion(&quote, &euros, &dollars, 500)).await.refused(403, "permission_denied");
    let wrong = owner.post("/v1/fx_conversions", with_currency(500, "usd")).await;
    assert_eq!(wrong.refused(400, "currency_mismatch")["param"], "currency");
    booth.post("/v1/fx_conversions", with_currency(500, "eur")).await.ok();
}
