//! Nobody gives what he does not hold.
#![expect(
    clippy::unwrap_used,
    clippy::similar_names,
    reason = "a test that cannot be set up must stop; role and rule are the words"
)]

use kernel::{EnvironmentId, FixedClock, RuleId, SeededEntropy};
use policies::{
    ACTIONS, Attributes, Conditions, PolicyRows, PolicySnapshot, Refusal, RuleRow, SYSTEM_ROLES, Subject, TENANT_ROLES,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn here() -> EnvironmentId {
    EnvironmentId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(1))
}

fn snapshot(rules: &[(&str, &str, &str, Value)]) -> PolicySnapshot {
    let (clock, entropy) = (FixedClock::new(1_790_000_000), SeededEntropy::new(9));
    let mut roles = rules.iter().map(|rule| rule.0.to_owned()).collect::<Vec<_>>();
    roles.dedup();
    let rules = rules.iter().map(|(role, object, action, conditions)| RuleRow {
        id: RuleId::generate(&clock, &entropy),
        role: (*role).to_owned(),
        object: (*object).to_owned(),
        action: (*action).to_owned(),
        conditions: conditions.clone(),
    });
    PolicySnapshot::try_new(here(), &PolicyRows { revision: 1, roles, rules: rules.collect() }).unwrap()
}

fn subject(role: &str) -> Subject {
    Subject::tenant(here(), role)
}

#[test]
fn roles_are_given_downwards_only_and_owners_by_owners() {
    let snapshot = snapshot(&[]);
    let may = |granter: &str, role: &str| snapshot.may_grant_role(&subject(granter), role);
    for role in TENANT_ROLES {
        assert!(may("owner", role).is_ok(), "owner gives {role}");
    }
    assert!(matches!(may("admin", "owner"), Err(Refusal::OwnerOnly)));
    assert!(may("admin", "admin").is_ok() && may("admin", "operator").is_ok());
    for mightier in ["owner", "admin", "analyst"] {
        assert!(may("operator", mightier).is_err(), "operator gives {mightier}");
    }
    assert!(may("operator", "read_only").is_ok());
    assert!(may("customer", "read_only").is_err(), "own objects are less than all");
    assert!(matches!(may("owner", "staff_admin"), Err(Refusal::UnknownRole)));
    for role in SYSTEM_ROLES {
        assert!(matches!(may("owner", role), Err(Refusal::UnknownRole)), "owner gives {role}");
        assert!(matches!(may(role, role), Err(Refusal::UnknownRole)), "{role} gives itself");
    }
    assert!(matches!(may("owner", "clerk"), Err(Refusal::UnknownRole)));
    assert!(matches!(may("clerk", "customer"), Err(Refusal::UnknownRole)));
}

#[test]
fn a_rule_is_granted_only_as_widely_as_it_is_held() {
    let snapshot = snapshot(&[
        ("chief", "role", "create", json!({})),
        ("chief", "wallet_transfer", "create", json!({"amount_max": 1000, "currency": ["eur", "usd"]})),
    ]);
    let may = |form: Value| {
        let conditions = Conditions::parse(&form).unwrap();
        snapshot.may_grant(&subject("chief"), "wallet_transfer", "create", &conditions)
    };
    assert!(may(json!({"amount_max": 1000, "currency": ["eur", "usd"]})).is_ok());
    assert!(may(json!({"amount_max": 10, "currency": ["usd"], "mfa": true})).is_ok());
    for wider in [
        json!({}),
        json!({"amount_max": 1000}),
        json!({"amount_max": 1001, "currency": ["eur"]}),
        json!({"amount_max": 10, "currency": ["gbp"]}),
        json!({"currency": ["eur"]}),
    ] {
        assert!(matches!(may(wider.clone()), Err(Refusal::NotHeld { .. })), "{wider}");
    }
    let none = Conditions::none();
    assert!(snapshot.may_grant(&subject("chief"), "wallet", "list", &none).is_err());
    assert!(matches!(snapshot.may_grant(&subject("owner"), "wallet*", "list", &none), Err(Refusal::UnknownAction)));
    assert!(matches!(snapshot.may_grant(&subject("owner"), "tenant", "list", &none), Err(Refusal::NotHeld { .. })));
    let stranger = Subject::staff("staff_admin");
    assert!(matches!(snapshot.may_grant(&stranger, "wallet", "list", &none), Err(Refusal::ForeignDomain)));
}

fn form() -> impl Strategy<Value = Value> {
    let codes = |all: &'static [&'static str]| proptest::sample::subsequence(all, 1..=all.len());
    let part = |name: &'static str, value: BoxedStrategy<Value>| {
        proptest::option::of(value).prop_map(move |value| value.map(|value| (name, value)))
    };
    (
        part("amount_max", (1_i64..4).prop_map(Value::from).boxed()),
        part("currency", codes(&["eur", "usd"]).prop_map(|list| json!(list)).boxed()),
        part("own", Just(json!(true)).boxed()),
        part(
            "hours",
            proptest::sample::select(vec![(0, 24), (8, 12), (22, 6)])
                .prop_map(|(a, b)| json!({"from": a, "to": b}))
                .boxed(),
        ),
        part("mfa", Just(json!(true)).boxed()),
    )
        .prop_map(|(a, b, c, d, e)| {
            let fields = [a, b, c, d, e].into_iter().flatten();
            Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect())
        })
}

fn facts() -> impl Strategy<Value = Attributes> {
    (1_i64..5, any::<bool>(), any::<bool>(), 0_u8..24, any::<bool>()).prop_map(|(amount, euro, own, hour, mfa)| {
        let currency = if euro { "eur" } else { "usd" };
        serde_json::from_value(json!({"amount": amount, "currency": currency, "own": own, "hour": hour, "mfa": mfa}))
            .unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the guard lets through never permits what the granter is refused.
    #[test]
    fn a_granted_rule_is_never_mightier_than_its_granter(held in form(), granted in form(), facts in facts()) {
        let snapshot = snapshot(&[
            ("chief", "wallet_transfer", "create", held),
            ("clerk", "wallet_transfer", "create", granted.clone()),
        ]);
        let conditions = Conditions::parse(&granted).unwrap();
        let permitted = |role: &str| snapshot.explain(role, "wallet_transfer", "create", &facts);
        if snapshot.may_grant(&subject("chief"), "wallet_transfer", "create", &conditions).is_ok() {
            let (chief, clerk) = (permitted("chief"), permitted("clerk"));
            prop_assert!(chief.allowed || !clerk.allowed);
        }
    }
}

#[test]
fn an_admin_holds_all_an_owner_holds() {
    let snapshot = snapshot(&[]);
    for action in ACTIONS {
        let reach = |role: &str| snapshot.explain(role, action.object, action.act, &Attributes::unknown()).reach;
        assert_eq!(reach("admin"), reach("owner"), "{action:?}");
    }
}
