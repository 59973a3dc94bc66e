//! What must not work, and does not.

use anyhow::{Result, bail};
use kernel::{SystemClock, SystemEntropy, WalletId};
use reqwest::StatusCode;
use serde_json::json;
use stack::random_secret;

use super::{
    super::{people::DemoTenant, up::Running},
    narrator::{quote, say},
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
    quote(&foreign.text);
    say("a wallet that never was gets the same answer: what you may not see does not exist");
    let list = stranger.get("/v1/wallets", StatusCode::OK).await?;
    if list.text.contains(wallet) {
        bail!("the other tenant's list shows acme's wallet");
    }
    Ok(())
}

/// Tries a transfer as somebody who may only look, and asks the policies about it.
pub(super) async fn show_refusal(running: &mut Running, tenant: &DemoTenant, wallet: &str) -> Result<()> {
    let viewer = people::sign_in(running, tenant, "viewer").await?;
    let order = json!({ "source": wallet, "destination": WalletId::generate(&SystemClock, &SystemEntropy).to_string(), "amount": 1_250, "currency": "eur" });
    let key = format!("demo-refused-{}", random_secret());
    let refused = viewer.post("/v1/wallet_transfers", &order, &key, StatusCode::FORBIDDEN).await?;
    quote(&refused.text);
    let owner = people::sign_in(running, tenant, "owner").await?;
    for role in ["read_only", "operator"] {
        let question = json!({ "role": role, "object": "wallet_transfer", "action": "create", "amount": 1_250, "currency": "eur" });
        let key = format!("demo-question-{}", random_secret());
        let answer = owner.post("/v1/policy_decisions", &question, &key, StatusCode::OK).await?;
        let explanation = answer.json()?;
        say(&format!("may `{role}` create a wallet_transfer?"));
        quote(&explanation.get("explanation").unwrap_or(&explanation).to_string());
    }
    Ok(())
}
