//! Conditions hold on one side of their bound and fail on the other, as Casbin evaluates them.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use kernel::{Amount, EnvironmentId, FixedClock, RuleId, SeededEntropy};
use policies::{Attributes, CreateWalletTransfer, PolicyRows, PolicySnapshot, RuleRow, Subject};
use proptest::prelude::*;
use serde_json::{Value, json};

fn here() -> EnvironmentId {
    EnvironmentId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(1))
}

/// Policies in which `cashier` may create transfers under these conditions.
fn snapshot(conditions: &Value) -> PolicySnapshot {
    let rule = RuleRow {
        id: RuleId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(2)),
        role: "cashier".to_owned(),
        object: "wallet_transfer".to_owned(),
        action: "create".to_owned(),
        conditions: conditions.clone(),
    };
    let rows = PolicyRows { revision: 1, roles: vec!["cashier".to_owned()], rules: vec![rule] };
    PolicySnapshot::try_new(here(), &rows).unwrap()
}

fn permits(snapshot: &PolicySnapshot, attributes: &Attributes) -> bool {
    match snapshot.permit::<CreateWalletTransfer>(&Subject::tenant(here(), "cashier"), attributes) {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal.code(), "conditions_unmet", "{refusal}");
            false
        }
    }
}

#[test]
fn each_side_of_every_bound() {
    let most = Amount::MAX_MINOR;
    let cases = [
        (json!({"amount_max": 50_000}), json!({"amount": 50_000}), true),
        (json!({"amount_max": 50_000}), json!({"amount": 50_001}), false),
        (json!({"amount_max": 50_000}), json!({"amount": 1}), true),
        // Beyond 32 bits, which is all an integer has in the engine beneath Casbin.
        (json!({"amount_max": 4_294_967_296_i64}), json!({"amount": 4_294_967_296_i64}), true),
        (json!({"amount_max": 4_294_967_296_i64}), json!({"amount": 4_294_967_297_i64}), false),
        (json!({"amount_max": 4_294_967_297_i64}), json!({"amount": 1}), true),
        (json!({"amount_max": 1}), json!({"amount": 4_294_967_297_i64}), false),
        (json!({"amount_max": most}), json!({"amount": most}), true),
        (json!({"amount_max": most - 1}), json!({"amount": most}), false),
        (json!({"currency": ["eur", "usd"]}), json!({"currency": "usd"}), true),
        (json!({"currency": ["eur", "usd"]}), json!({"currency": "gbp"}), false),
        (json!({"own": true}), json!({"own": true}), true),
        (json!({"own": true}), json!({"own": false}), false),
        (json!({"hours": {"from": 8, "to": 18}}), json!({"hour": 7}), false),
        (json!({"hours": {"from": 8, "to": 18}}), json!({"hour": 8}), true),
        (json!({"hours": {"from": 8, "to": 18}}), json!({"hour": 17}), true),
        (json!({"hours": {"from": 8, "to": 18}}), json!({"hour": 18}), false),
        (json!({"hours": {"from": 22, "to": 6}}), json!({"hour": 23}), true),
        (json!({"hours": {"from": 22, "to": 6}}), json!({"hour": 0}), true),
        (json!({"hours": {"from": 22, "to": 6}}), json!({"hour": 6}), false),
        (json!({"country": ["de", "fr"]}), json!({"country": "fr"}), true),
        (json!({"country": ["de", "fr"]}), json!({"country": "it"}), false),
        (json!({"mfa": true}), json!({"mfa": true}), true),
        (json!({"mfa": true}), json!({"mfa": false}), false),
        (json!({"mfa": true, "amount_max": 5}), json!({"mfa": true, "amount": 5}), true),
        (json!({"mfa": true, "amount_max": 5}), json!({"mfa": true, "amount": 6}), false),
        (json!({"mfa": true, "amount_max": 5}), json!({"mfa": false, "amount": 5}), false),
    ];
    for (conditions, facts, expected) in cases {
        let attributes = serde_json::from_value::<Attributes>(facts.clone()).unwrap();
        assert_eq!(permits(&snapshot(&conditions), &attributes), expected, "{conditions} under {facts}");
    }
}

#[test]
fn a_fact_nobody_supplied_meets_no_condition() {
    for conditions in [
        json!({"amount_max": Amount::MAX_MINOR}),
        json!({"currency": ["eur"]}),
        json!({"hours": {"from": 0, "to": 24}}),
        json!({"hours": {"from": 13, "to": 12}}),
        json!({"country": ["de"]}),
        json!({"mfa": true}),
    ] {
        assert!(!permits(&snapshot(&conditions), &Attributes::unknown()), "{conditions}");
    }
}

#[test]
fn the_longest_lists_are_still_evaluated() {
    let currencies =
        "eur usd gbp jpy chf sek nok dkk pln czk huf ron bgn try ils aed sar qar kwd bhd omr jod inr pkr bdt lkr npr \
                      thb vnd idr myr sgd"
            .split(' ')
            .collect::<Vec<_>>();
    assert_eq!(currencies.len(), policies::CODES_MAX);
    let snapshot = snapshot(&json!({"currency": currencies, "country": ["de"], "amount_max": 10}));
    let facts =
        |currency: &str| serde_json::from_value(json!({"currency": currency, "country": "de", "amount": 10})).unwrap();
    assert!(permits(&snapshot, &facts("eur")) && permits(&snapshot, &facts("sgd")));
    assert!(!permits(&snapshot, &facts("aud")));
}

#[derive(Clone, Debug)]
struct Form {
    amount_max: Option<i64>,
    currency: Option<Vec<&'static str>>,
    own: bool,
    hours: Option<(u8, u8)>,
    country: Option<Vec<&'static str>>,
    mfa: bool,
}

#[derive(Clone, Debug)]
struct Facts {
    amount: Option<i64>,
    currency: Option<&'static str>,
    own: Option<bool>,
    hour: Option<u8>,
    country: Option<&'static str>,
    mfa: Option<bool>,
}

const CURRENCIES: &[&str] = &["eur", "usd", "jpy", "bhd"];
const COUNTRIES: &[&str] = &["de", "fr", "us"];

fn minor() -> impl Strategy<Value = i64> {
    let edges = proptest::sample::select(vec![1, 9, 10, 11, i64::from(i32::MAX), 1 << 32, Amount::MAX_MINOR]);
    prop_oneof![edges, 1..=Amount::MAX_MINOR]
}

fn form() -> impl Strategy<Value = Form> {
    let codes = |all: &'static [&'static str]| proptest::option::of(proptest::sample::subsequence(all, 1..=all.len()));
    let hours = (0_u8..24, 0_u8..=24).prop_filter("an empty span", |(from, to)| from != to);
    (
        proptest::option::of(minor()),
        codes(CURRENCIES),
        any::<bool>(),
        proptest::option::of(hours),
        codes(COUNTRIES),
        any::<bool>(),
    )
        .prop_map(|(amount_max, currency, own, hours, country, mfa)| Form {
            amount_max,
            currency,
            own,
            hours,
            country,
            mfa,
        })
        .prop_filter("without conditions there is nothing to evaluate", |form| form.json() != json!({}))
}

fn facts() -> impl Strategy<Value = Facts> {
    let code = |all: &'static [&'static str]| proptest::option::weighted(0.9, proptest::sample::select(all));
    (
        proptest::option::weighted(0.9, minor()),
        code(CURRENCIES),
        proptest::option::of(any::<bool>()),
        proptest::option::weighted(0.9, 0_u8..24),
        code(COUNTRIES),
        proptest::option::weighted(0.9, any::<bool>()),
    )
        .prop_map(|(amount, currency, own, hour, country, mfa)| Facts {
            amount,
            currency,
            own,
            hour,
            country,
            mfa,
        })
}

impl Form {
    fn json(&self) -> Value {
        let mut form = serde_json::Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            form.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("amount_max", self.amount_max.map(Value::from));
        put("currency", self.currency.as_ref().map(|list| json!(list)));
        put("own", self.own.then(|| json!(true)));
        put("hours", self.hours.map(|(from, to)| json!({"from": from, "to": to})));
        put("country", self.country.as_ref().map(|list| json!(list)));
        put("mfa", self.mfa.then(|| json!(true)));
        Value::Object(form)
    }

    /// The meaning, told a second time and without Casbin.
    fn permits(&self, facts: &Facts) -> bool {
        let within = |(from, to): (u8, u8), hour: u8| {
            let mut span = Vec::new();
            let mut next = from;
            while next != to % 24 || span.is_empty() {
                span.push(next);
                next = (next + 1) % 24;
            }
            span.contains(&hour)
        };
        self.amount_max.is_none_or(|max| facts.amount.is_some_and(|amount| amount <= max))
            && self.currency.as_ref().is_none_or(|list| facts.currency.is_some_and(|code| list.contains(&code)))
            && (!self.own || facts.own != Some(false))
            && self.hours.is_none_or(|hours| facts.hour.is_some_and(|hour| within(hours, hour)))
            && self.country.as_ref().is_none_or(|list| facts.country.is_some_and(|code| list.contains(&code)))
            && (!self.mfa || facts.mfa == Some(true))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn casbin_the_explanation_and_a_plain_reading_agree(form in form(), facts in facts()) {
        let snapshot = snapshot(&form.json());
        let attributes = serde_json::from_value::<Attributes>(json!({
            "amount": facts.amount, "currency": facts.currency, "own": facts.own,
            "hour": facts.hour, "country": facts.country, "mfa": facts.mfa,
        })).unwrap();
        let expected = form.permits(&facts);
        prop_assert_eq!(permits(&snapshot, &attributes), expected);
        let explanation = snapshot.explain("cashier", "wallet_transfer", "create", &attributes);
        prop_assert_eq!(explanation.allowed, expected);
        prop_assert_eq!(explanation.considered[0].met, expected);
    }
}
