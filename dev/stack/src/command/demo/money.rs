//! Two wallets and a transfer between them.

use anyhow::{Result, bail};
use reqwest::StatusCode;
use serde_json::json;
use stack::random_secret;

use super::{
    super::{people::TENANTS, up::Running},
    client::Client,
    database,
    narrator::{quote, say, typed},
    people,
};

/// What the buyer gets to spend, and what he spends, in minor units.
const FUNDS: i64 = 5_000;
const PRICE: i64 = 1_250;

/// Moves money from the buyer to the seller; answers the buyer's wallet.
pub(super) async fn show_transfer(running: &mut Running, buyer: &Client, schema: &str) -> Result<String> {
    let [acme, _] = &TENANTS;
    let euro = json!({ "currency": "eur" });
    let source = buyer.post("/v1/wallets", &euro, "demo-buyer-wallet", StatusCode::OK).await?.text_at("/id")?;
    let seller = people::sign_in(running, acme, "seller").await?;
    let profile = json!({ "name": "Demo Seller" });
    seller.post("/v1/customers", &profile, "demo-seller-profile", StatusCode::OK).await?;
    let destination = seller.post("/v1/wallets", &euro, "demo-seller-wallet", StatusCode::OK).await?.text_at("/id")?;

    let server = merchant_server(running)?;
    let run = random_secret();
    let funds = json!({ "amount": FUNDS, "currency": "eur" });
    let path = format!("/v1/test_helpers/wallets/{source}/fund_balance");
    server.post(&path, &funds, &format!("demo-fund-{run}"), StatusCode::OK).await?;
    let before = (balance(buyer, &source).await?, balance(&seller, &destination).await?);

    let order = json!({
        "source": source, "destination": destination, "amount": PRICE, "currency": "eur", "description": "A demonstration"
    });
    let key = format!("demo-transfer-{run}");
    let first = buyer.post("/v1/wallet_transfers", &order, &key, StatusCode::OK).await?;
    let again = buyer.post("/v1/wallet_transfers", &order, &key, StatusCode::OK).await?;
    if first.text != again.text {
        bail!("the repeated request got another answer");
    }
    say(&format!(
        "{} moved {} eur; the repeat with the same key got the same answer",
        first.text_at("/id")?,
        euros(PRICE)
    ));

    let after = (balance(buyer, &source).await?, balance(&seller, &destination).await?);
    if after != (before.0 - PRICE, before.1 + PRICE) {
        bail!("the balances are wrong: {before:?} became {after:?}");
    }
    for (who, was, is) in [("buyer", before.0, after.0), ("seller", before.1, after.1)] {
        say(&format!("{who:<6} {:>9} → {:>9} eur", euros(was), euros(is)));
    }
    let sql =
        format!("SELECT currency, count(*) AS accounts, sum(balance_minor) FROM {schema}.ledger_account GROUP BY 1");
    typed(&format!("psql -c \"{sql}\""));
    quote(&database::look(running, &sql).await?);
    let unbalanced = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {schema}.ledger_account GROUP BY currency HAVING sum(balance_minor) <> 0) AS wrong"
    );
    if database::value(running, &unbalanced).await? != "0" {
        bail!("the balances do not sum to zero");
    }
    say("what everybody has and what came from outside sum to zero");
    Ok(source)
}

/// The merchant's own server, with its secret key.
fn merchant_server(running: &Running) -> Result<Client> {
    let [acme, _] = &TENANTS;
    let Some(keys) = running.state.keys(acme.slug) else { bail!("acme has no secret keys") };
    Ok(Client::new("sk_test_…", running.servers.api_url(), keys.test.clone()))
}

async fn balance(client: &Client, wallet: &str) -> Result<i64> {
    client.get(&format!("/v1/wallets/{wallet}"), StatusCode::OK).await?.number_at("/balance")
}

/// Minor units as people write them.
fn euros(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn euros_have_two_places() {
        assert_eq!([euros(0), euros(5), euros(1_250)], ["0.00", "0.05", "12.50"]);
    }
}
