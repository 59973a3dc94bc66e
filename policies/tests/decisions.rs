//! What is not plainly permitted is refused, and a permit says how far it reaches.

use kernel::{EnvironmentId, FixedClock, RuleId, SeededEntropy};
use policies::{
    Attributes, CreateWallet, Domain, ForeignPermit, ListCustomers, ListTenants, PolicyRows, PolicySnapshot, Reach,
    Refusal, RetrieveWallet, RuleRow, SnapshotError, Subject, UpdateCustomer,
};
use serde_json::{Value, json};

fn environment(seed: u64) -> EnvironmentId {
    EnvironmentId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(seed))
}

fn rows(rules: &[(&str, &str, &str, Value)]) -> PolicyRows {
    let (clock, entropy) = (FixedClock::new(1_790_000_000), SeededEntropy::new(9));
    let rules = rules.iter().map(|(role, object, action, conditions)| RuleRow {
        id: RuleId::generate(&clock, &entropy),
        role: (*role).to_owned(),
        object: (*object).to_owned(),
        action: (*action).to_owned(),
        conditions: conditions.clone(),
    });
    PolicyRows { revision: 1, roles: vec!["cashier".to_owned()], rules: rules.collect() }
}

fn none() -> Attributes {
    Attributes::unknown()
}

#[test]
fn a_permit_carries_who_where_how_far_and_by_which_rule() {
    let here = environment(1);
    let snapshot = PolicySnapshot::built_in(here).unwrap();
    let owner = snapshot.permit::<CreateWallet>(&Subject::tenant(here, "owner"), &none()).unwrap();
    assert_eq!(owner.reach_in(here), Ok(Reach::All));
    assert_eq!(owner.reach_in(environment(2)), Err(ForeignPermit));
    assert_eq!((owner.domain(), owner.role()), (Domain::Environment(here), "owner"));
    assert_eq!(owner.rule().to_string(), "builtin:owner/wallet/create");

    let customer = snapshot.permit::<RetrieveWallet>(&Subject::tenant(here, "customer"), &none()).unwrap();
    assert_eq!(customer.reach_in(here), Ok(Reach::Own));
}

#[test]
fn unknown_empty_foreign_and_malformed_subjects_are_refused() {
    let here = environment(1);
    let snapshot = PolicySnapshot::built_in(here).unwrap();
    let refusal = |subject: &Subject| snapshot.permit::<CreateWallet>(subject, &none()).unwrap_err().code();
    for (role, code) in [
        ("", "empty_field"),
        ("clerk", "unknown_role"),
        ("staff_admin", "unknown_role"),
        ("*", "malformed_name"),
        ("own*", "malformed_name"),
        ("a::b", "malformed_name"),
        ("Owner", "malformed_name"),
        ("owner ", "malformed_name"),
        ("\u{43e}wner", "malformed_name"),
        ("analyst", "no_rule"),
    ] {
        assert_eq!(refusal(&Subject::tenant(here, role)), code, "{role:?}");
    }
    assert_eq!(refusal(&Subject::tenant(environment(2), "owner")), "foreign_domain");
    assert_eq!(refusal(&Subject::staff("staff_admin")), "foreign_domain");
}

#[test]
fn staff_act_in_the_platform_only() {
    let platform = PolicySnapshot::platform().unwrap();
    let permit = platform.permit::<ListTenants>(&Subject::staff("staff_read_only"), &none()).unwrap();
    assert_eq!(permit.domain(), Domain::Platform);
    assert_eq!(permit.reach_in(environment(1)), Err(ForeignPermit));
    assert!(platform.permit::<ListTenants>(&Subject::staff("owner"), &none()).is_err());
    assert!(platform.permit::<ListCustomers>(&Subject::staff("staff_admin"), &none()).is_err());
}

#[test]
fn a_rule_with_a_wider_reach_decides_before_one_about_own_objects() {
    let here = environment(1);
    let rows = rows(&[
        ("cashier", "wallet", "retrieve", json!({"own": true})),
        ("cashier", "wallet", "retrieve", json!({"hours": {"from": 8, "to": 18}})),
    ]);
    let snapshot = PolicySnapshot::try_new(here, &rows).unwrap();
    let reach_at = |text: &str| {
        let attributes = serde_json::from_str::<Attributes>(text).unwrap();
        snapshot
            .permit::<RetrieveWallet>(&Subject::tenant(here, "cashier"), &attributes)
            .map(|p| p.reach_in(here).unwrap())
    };
    assert_eq!(reach_at(r#"{"hour": 12}"#).unwrap(), Reach::All);
    assert_eq!(reach_at(r#"{"hour": 20}"#).unwrap(), Reach::Own);
    assert_eq!(reach_at("{}").unwrap(), Reach::Own);
    assert_eq!(reach_at(r#"{"hour": 20, "own": true}"#).unwrap(), Reach::Own);
    assert!(matches!(reach_at(r#"{"hour": 20, "own": false}"#), Err(Refusal::ConditionsUnmet { considered: 2 })));
}

#[test]
fn a_condition_on_a_fact_the_action_does_not_supply_is_never_met() {
    let here = environment(1);
    // Updating a customer moves no money: the amount is not taken even if somebody passes one.
    let rows = rows(&[("cashier", "customer", "update", json!({"amount_max": 100}))]);
    let snapshot = PolicySnapshot::try_new(here, &rows).unwrap();
    let attributes = serde_json::from_str::<Attributes>(r#"{"amount": 1}"#).unwrap();
    let refusal = snapshot.permit::<UpdateCustomer>(&Subject::tenant(here, "cashier"), &attributes).unwrap_err();
    assert_eq!(refusal.code(), "conditions_unmet");
}

#[test]
fn rows_that_cannot_be_trusted_make_no_snapshot() {
    let here = environment(1);
    let broken = |rows: &PolicyRows| PolicySnapshot::try_new(here, rows).unwrap_err();
    for (role, object, action) in [("", "wallet", "list"), ("cashier", "", "list"), ("cashier", "wallet", "")] {
        let error = broken(&rows(&[(role, object, action, json!({}))]));
        assert!(matches!(error, SnapshotError::EmptyField { .. }), "{error}");
    }
    assert!(matches!(broken(&rows(&[("owner2", "wallet", "list", json!({}))])), SnapshotError::Orphan));
    for name in ["owner", "staff_root", "cash*", "a::b"] {
        let rows = PolicyRows { roles: vec![name.to_owned()], ..PolicyRows::default() };
        assert!(matches!(broken(&rows), SnapshotError::RoleName(_)), "{name}");
    }
    let rows = PolicyRows { roles: vec!["cashier".to_owned(); 51], ..PolicyRows::default() };
    assert!(matches!(broken(&rows), SnapshotError::TooMany));
}

#[test]
fn a_row_that_widens_a_built_in_role_is_refused_whole() {
    for role in ["analyst", "owner", "staff_admin"] {
        let error =
            PolicySnapshot::try_new(environment(1), &rows(&[(role, "wallet", "create", json!({}))])).unwrap_err();
        assert!(matches!(error, SnapshotError::RoleName(_)), "{role}: {error}");
    }
}

#[test]
fn a_rule_this_version_does_not_understand_permits_nothing_and_harms_nothing() {
    let here = environment(1);
    let snapshot = PolicySnapshot::try_new(
        here,
        &rows(&[
            ("cashier", "refund", "create", json!({})),
            ("cashier", "wallet", "create", json!({"weekday": "monday"})),
            ("cashier", "wallet", "create", json!({"currency": ["eur\" || true || \""]})),
            ("cashier", "wallet", "create", json!({"amount_max": "1 || true"})),
            ("cashier", "tenant", "list", json!({})),
            ("cashier", "wallet", "retrieve", json!({})),
        ]),
    )
    .unwrap();
    let cashier = Subject::tenant(here, "cashier");
    assert_eq!(snapshot.permit::<CreateWallet>(&cashier, &none()).unwrap_err().code(), "no_rule");
    assert!(snapshot.permit::<ListTenants>(&cashier, &none()).is_err());
    assert!(snapshot.permit::<RetrieveWallet>(&cashier, &none()).is_ok());
}

#[test]
fn an_explanation_names_the_rule_and_every_reason() {
    let here = environment(1);
    let limited = json!({"amount_max": 50_000, "currency": ["eur"]});
    let rows = rows(&[("cashier", "wallet_transfer", "create", limited)]);
    let snapshot = PolicySnapshot::try_new(here, &rows).unwrap();
    let rule = rows.rules[0].id.to_string();
    let explain = |attributes: &str| {
        let attributes = serde_json::from_str::<Attributes>(attributes).unwrap();
        serde_json::to_value(snapshot.explain("cashier", "wallet_transfer", "create", &attributes)).unwrap()
    };
    assert_eq!(
        explain(r#"{"amount": 50000, "currency": "eur"}"#),
        json!({
            "allowed": true, "reach": "all", "role": "cashier", "object": "wallet_transfer", "action": "create",
            "rule": rule, "reason": "a rule of the role permits it",
            "considered": [{
                "rule": rule, "conditions": {"amount_max": 50_000, "currency": ["eur"]}, "met": true,
                "reason": "its conditions hold",
            }],
        })
    );
    let refused = explain(r#"{"amount": 50001, "currency": "eur"}"#);
    assert_eq!(refused["allowed"], json!(false));
    assert_eq!(refused["considered"][0]["reason"], json!("the amount is above 50000"));
    for (role, object, act, reason) in [
        ("", "wallet", "list", "the role is empty"),
        ("owner", "", "list", "the object is empty"),
        ("owner", "wallet*", "list", "there is no such action"),
        ("own*", "wallet", "list", "the role is not a name"),
        ("clerk", "wallet", "list", "the role is not known here"),
        ("cashier", "wallet", "list", "no rule of the role permits the action"),
    ] {
        let explanation = snapshot.explain(role, object, act, &none());
        assert_eq!((explanation.allowed, explanation.reason.as_str()), (false, reason));
    }
}
