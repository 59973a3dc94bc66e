//! What must not work, and does not.

use anyhow::{Result, bail};
use kernel::{SystemClock, SystemEntropy, WalletId};
use reqwest::StatusCode;
use serde_json::{Value, json};
use stack::random_secret;

use super::{
    super::{people::DemoTenant, up::Running},
    client::Client,
    narrator::say,
    people,
};

/// Asks for acme's wallet as an owner of the other tenant, with every right there is.
pub(super) async fn show_other_tenant(running: &mut Running, other: &DemoTenant, wallet: &str) -> Result<()> {
    let stranger = people::sign_in(running, other, "owner").await?;
    let foreign = stranger.get(&format!("/v1/wallets/{wallet}"), StatusCode::NOT_FOUND).await?;
    let never_was = WalletId::generate(&SystemClock, &SystemEntropy).to_string();
    let missing = stranger.get(&format!("/v1/wallets/{never_was}"), StatusCode::NOT_FOUND).await?;
    if foreign.text.replace(wallet, "") != missing.text.replace(&never_was, "") {
        bail!("a foreign wallet and one that never was get different answers");
    }
    say(&format!("the answer: {}", foreign.text_at("/error/message")?));
    say("a wallet that never was gets the same answer: what you may not see does not exist");
    let list = stranger.get("/v1/wallets", StatusCode::OK).await?;
    if list.text.contains(wallet) {
        bail!("the other tenant's list shows acme's wallet");
    }
    Ok(())
}

/// Tries a transfer as somebody who may only look, and asks the policies about it.
pub(super) async fn show_refusal(
    running: &mut Running,
    tenant: &DemoTenant,
    owner: &Client,
    wallet: &str,
) -> Result<()> {
    let viewer = people::sign_in(running, tenant, "viewer").await?;
    let order = json!({ "source": wallet, "destination": WalletId::generate(&SystemClock, &SystemEntropy).to_string(), "amount": 1_250, "currency": "eur" });
    let key = format!("demo-refused-{}", random_secret());
    let refused = viewer.post("/v1/wallet_transfers", &order, &key, StatusCode::FORBIDDEN).await?;
    say(&format!("the answer: {}", refused.text_at("/error/message")?));
    for role in ["read_only", "operator"] {
        let question = json!({ "role": role, "object": "wallet_transfer", "action": "create", "amount": 1_250, "currency": "eur" });
        let key = format!("demo-question-{}", random_secret());
        let answer = owner.post("/v1/policy_decisions", &question, &key, StatusCode::OK).await?;
        let answer = answer.json()?;
        let allowed = answer.pointer("/explanation/allowed").and_then(Value::as_bool).unwrap_or(false);
        let text = |name: &str| answer.pointer(name).and_then(Value::as_str).unwrap_or("none").to_owned();
        say(&format!("may the role `{role}` create a wallet_transfer? {}", if allowed { "yes" } else { "no" }));
        say(&format!("  rule: {}; {}", text("/explanation/rule"), text("/explanation/reason")));
    }
    Ok(())
}
