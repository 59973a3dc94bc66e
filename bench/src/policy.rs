//! What a decision costs.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use kernel::{Amount, EnvironmentId, RuleId, SystemClock, SystemEntropy};
use policies::{Attributes, CreateWallet, CreateWalletTransfer, PolicyRows, PolicySnapshot, RuleRow, Subject};
use serde_json::json;

use crate::report::{Report, Samples};

/// Samples per figure; each is the mean of a short loop, because one call is shorter than the clock's grain.
const SAMPLES: usize = 2_000;
const CALLS_PER_SAMPLE: u32 = 50;

pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let environment = EnvironmentId::generate(&SystemClock, &SystemEntropy);
    let rule = |object: &str, action: &str, conditions| RuleRow {
        id: RuleId::generate(&SystemClock, &SystemEntropy),
        role: "cashier".to_owned(),
        object: object.to_owned(),
        action: action.to_owned(),
        conditions,
    };
    let rows = PolicyRows {
        revision: 1,
        roles: vec!["cashier".to_owned()],
        rules: vec![
            rule("wallet", "create", json!({})),
            rule("wallet_transfer", "create", json!({ "amount_max": 50_000 })),
        ],
    };
    let snapshot = PolicySnapshot::try_new(environment, &rows)?;
    let cashier = Subject::tenant(environment, "cashier");
    let attributes = Attributes::unknown().with_amount(Amount::try_new(1_250)?);
    let mut unconditional =
        sample(|| black_box(snapshot.permit::<CreateWallet>(black_box(&cashier), &attributes)).map(drop).is_ok());
    report.bounded("policy check, unconditional", &mut unconditional, Duration::from_micros(5));
    let mut conditional = sample(|| {
        black_box(snapshot.permit::<CreateWalletTransfer>(black_box(&cashier), &attributes)).map(drop).is_ok()
    });
    report.bounded("policy check, one condition", &mut conditional, Duration::from_micros(50));
    Ok(())
}

/// Times `work`, which must succeed, in short loops.
pub(crate) fn sample(mut work: impl FnMut() -> bool) -> Samples {
    let mut samples = Samples::default();
    for _ in 0..SAMPLES {
        let started = Instant::now();
        let succeeded = (0..CALLS_PER_SAMPLE).all(|_| work());
        let elapsed = started.elapsed() / CALLS_PER_SAMPLE;
        assert!(succeeded, "what is measured must work");
        samples.push(elapsed);
    }
    samples
}
