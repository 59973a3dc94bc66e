//! Sections and remembered decisions answer as one plain Casbin enforcer with all rows would.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot be set up must stop")]

use casbin::{CoreApi, DefaultModel, EnforceContext, Enforcer, MgmtApi, NullAdapter, rhai::Dynamic};
use kernel::{EnvironmentId, FixedClock, RuleId, SeededEntropy};
use policies::{ACTIONS, Attributes, PolicyRows, PolicySnapshot, Reach, RuleRow, TENANT_ROLES};
use serde_json::json;

const MODEL: &str = include_str!("../model.conf");
const BUILT_IN: &str = include_str!("../builtin.csv");

/// A tenant's role `cashier` that may list and retrieve wallets, and a role without rules.
fn rows() -> PolicyRows {
    let (clock, entropy) = (FixedClock::new(1_790_000_000), SeededEntropy::new(7));
    let rule = |action: &str| RuleRow {
        id: RuleId::generate(&clock, &entropy),
        role: "cashier".to_owned(),
        object: "wallet".to_owned(),
        action: action.to_owned(),
        conditions: json!({}),
    };
    PolicyRows {
        revision: 3,
        roles: vec!["cashier".to_owned(), "idle".to_owned()],
        rules: vec![rule("list"), rule("retrieve"), rule("list")],
    }
}

/// Every row in one section of Casbin's own making.
async fn reference(dom: &str) -> Enforcer {
    let model = DefaultModel::from_str(MODEL).await.unwrap();
    let mut enforcer = Enforcer::new(model, NullAdapter).await.unwrap();
    let mut add = async |role: &str, object: &str, act: &str, own: bool| {
        let mut values = [role, dom, object, act].map(str::to_owned).to_vec();
        let section = if own { "p2" } else { "p" };
        values.extend(own.then(|| "r2.own == true".to_owned()));
        enforcer.add_named_policy(section, values).await.unwrap();
    };
    for line in BUILT_IN.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields = line.splitn(4, ", ").collect::<Vec<_>>();
        add(fields[0], fields[1], fields[2], fields.len() == 4).await;
    }
    add("cashier", "wallet", "list", false).await;
    add("cashier", "wallet", "retrieve", false).await;
    enforcer
}

fn reference_reach(enforcer: &Enforcer, role: &str, dom: &str, object: &str, act: &str) -> Option<Reach> {
    if enforcer.enforce((role, dom, object, act)).unwrap() {
        return Some(Reach::All);
    }
    let mut values = [role, dom, object, act].map(|text| Dynamic::from(text.to_owned())).to_vec();
    let unit = Dynamic::UNIT;
    values.extend([unit.clone(), unit.clone(), Dynamic::TRUE, unit.clone(), unit.clone(), unit]);
    let context = EnforceContext { e_type: "e".to_owned(), ..EnforceContext::new("2") };
    enforcer.enforce_with_context(context, values).unwrap().then_some(Reach::Own)
}

#[tokio::test]
async fn every_decision_equals_that_of_one_plain_enforcer_cold_and_remembered() {
    let environment = EnvironmentId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(1));
    let dom = environment.to_string();
    let enforcer = reference(&dom).await;
    let snapshot = PolicySnapshot::try_new(environment, &rows()).unwrap();
    let mut allowed = 0;
    for role in TENANT_ROLES.iter().copied().chain(["cashier", "idle", "stranger"]) {
        for action in ACTIONS {
            let expected = reference_reach(&enforcer, role, &dom, action.object, action.act);
            assert_eq!(reference_reach(&enforcer, role, "env_other", action.object, action.act), None);
            for turn in ["cold", "remembered"] {
                let answer = snapshot.explain(role, action.object, action.act, &Attributes::unknown());
                assert_eq!(answer.reach, expected, "{role} {action:?} {turn}");
            }
            allowed += usize::from(expected.is_some());
        }
    }
    assert!(allowed > 80, "the comparison saw only {allowed} permissions");
}

/// Trap: an empty question passes an empty policy. This is Casbin's behaviour, not ours; the
/// guards against it are tested in `decisions.rs` and beside the code.
#[tokio::test]
async fn casbin_itself_still_says_yes_to_nothing() {
    let model = DefaultModel::from_str(MODEL).await.unwrap();
    let enforcer = Enforcer::new(model, NullAdapter).await.unwrap();
    assert!(enforcer.enforce(("", "", "", "")).unwrap());
}

/// Trap: `keyMatch` reaches further than it looks. The model compares by equality.
#[tokio::test]
async fn a_wildcard_in_a_row_is_a_character_like_any_other() {
    let model = DefaultModel::from_str(MODEL).await.unwrap();
    let mut enforcer = Enforcer::new(model, NullAdapter).await.unwrap();
    for row in [["clerk", "home", "wallet*", "list"], ["*", "home", "role", "list"], ["clerk", "*", "key", "list"]] {
        enforcer.add_policy(row.map(str::to_owned).to_vec()).await.unwrap();
    }
    for question in [
        ("clerk", "home", "wallet_transfer", "list"),
        ("clerk", "home", "wallet", "list"),
        ("clerk", "home", "wallet/\u{e9}", "list"),
        ("clerk", "home", "role", "list"),
        ("clerk", "home", "key", "list"),
    ] {
        assert!(!enforcer.enforce(question).unwrap(), "{question:?}");
    }
}
