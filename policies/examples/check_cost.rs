//! Prints what a policy check costs: `cargo run --release -p policies --example check_cost`.

use std::{
    error::Error,
    hint::black_box,
    io::{Write as _, stdout},
    sync::Arc,
    time::Instant,
};

use async_trait::async_trait;
use kernel::{EnvironmentId, FixedClock, RuleId, SeededEntropy};
use policies::{
    Attributes, CreateWallet, CreateWalletTransfer, Policies, PolicyBounds, PolicyRows, PolicySnapshot, PolicySource,
    Refusal, RuleRow, SourceError, Subject,
};
use serde_json::{Value, json};

const ROUNDS: u32 = 200_000;

struct Fixed(PolicyRows);

#[async_trait]
impl PolicySource for Fixed {
    async fn revision(&self, _: EnvironmentId) -> Result<i64, SourceError> {
        Ok(self.0.revision)
    }

    async fn rows(&self, _: EnvironmentId) -> Result<PolicyRows, SourceError> {
        Ok(self.0.clone())
    }
}

/// Fifty roles of twenty rules, three of them with conditions.
fn rows() -> PolicyRows {
    let (clock, entropy) = (FixedClock::new(1_790_000_000), SeededEntropy::new(3));
    let mut rows = PolicyRows { revision: 1, ..PolicyRows::default() };
    for number in 0..50 {
        let role = format!("cashier_{number}");
        let mut add = |object: &str, action: &str, conditions: Value| {
            let id = RuleId::generate(&clock, &entropy);
            let (object, action) = (object.to_owned(), action.to_owned());
            rows.rules.push(RuleRow { id, role: role.clone(), object, action, conditions });
        };
        for action in policies::ACTIONS.iter().take(17) {
            if (action.object, action.act) != ("wallet_transfer", "create") {
                add(action.object, action.act, json!({}));
            }
        }
        add("wallet_transfer", "create", json!({"amount_max": 50_000}));
        add("member", "list", json!({"hours": {"from": 8, "to": 18}}));
        add("member", "create", json!({"mfa": true}));
        rows.roles.push(role);
    }
    rows
}

fn report(what: &str, rounds: u32, mut work: impl FnMut() -> Result<(), Refusal>) -> Result<(), Box<dyn Error>> {
    for _ in 0..rounds / 10 {
        work()?;
    }
    let started = Instant::now();
    for _ in 0..rounds {
        work()?;
    }
    let each = started.elapsed().as_nanos() / u128::from(rounds);
    writeln!(stdout(), "{what:<44} {each:>9} ns")?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let environment = EnvironmentId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(1));
    let rows = rows();
    let snapshot = PolicySnapshot::try_new(environment, &rows)?;
    let owner = Subject::tenant(environment, "owner");
    let cashier = Subject::tenant(environment, "cashier_49");
    let customer = Subject::tenant(environment, "customer");
    let facts = serde_json::from_str::<Attributes>(r#"{"amount": 4200, "currency": "eur", "hour": 12, "mfa": true}"#)?;

    report("unconditional, on a snapshot", ROUNDS, || {
        snapshot.permit::<CreateWallet>(black_box(&owner), &facts).map(|permit| drop(black_box(permit)))
    })?;
    report("one condition (amount_max)", ROUNDS, || {
        snapshot.permit::<CreateWalletTransfer>(black_box(&cashier), &facts).map(|permit| drop(black_box(permit)))
    })?;
    report("one condition (own)", ROUNDS, || {
        snapshot.permit::<CreateWalletTransfer>(black_box(&customer), &facts).map(|permit| drop(black_box(permit)))
    })?;
    report("snapshot of 50 roles, 1,000 rules, built", 20, || {
        let built = PolicySnapshot::try_new(environment, &rows).map(black_box);
        built.map(drop).map_err(|_| Refusal::NoRule)
    })?;
    report("snapshot of the built-in roles, built", 200, || {
        let built = PolicySnapshot::built_in(environment).map(black_box);
        built.map(drop).map_err(|_| Refusal::NoRule)
    })?;

    let policies = Policies::new(Arc::new(Fixed(rows)), PolicyBounds::default());
    policies.snapshot(environment).await?;
    let started = Instant::now();
    for _ in 0..ROUNDS {
        let permit = policies.permit::<CreateWallet>(black_box(&owner), &facts).await?;
        drop(black_box(permit));
    }
    let each = started.elapsed().as_nanos() / u128::from(ROUNDS);
    writeln!(stdout(), "{:<44} {each:>9} ns", "unconditional, through the memory of all")?;
    Ok(())
}
