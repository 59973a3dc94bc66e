//! What merchants and their customers do, in verbs.

use serde_json::{Value, json};

use super::client::{Answer, Client};

impl Client {
    pub async fn create_customer(&self, name: &str, email: &str) -> String {
        self.post("/v1/customers", json!({"name": name, "email": email})).await.id()
    }

    /// A wallet of the merchant's own.
    pub async fn open_wallet(&self, currency: &str) -> String {
        self.post("/v1/wallets", json!({"currency": currency})).await.id()
    }

    pub async fn fund(&self, wallet: &str, amount: i64) -> Value {
        let body = json!({"amount": amount, "currency": "eur"});
        self.post(&format!("/v1/test_helpers/wallets/{wallet}/fund_balance"), body).await.ok()
    }

    /// A wallet with so much in it, in euro cents.
    pub async fn open_funded_wallet(&self, amount: i64) -> String {
        let wallet = self.open_wallet("eur").await;
        self.fund(&wallet, amount).await;
        wallet
    }

    pub async fn transfer(&self, source: &str, destination: &str, amount: i64) -> Answer {
        self.post("/v1/wallet_transfers", transfer_of(source, destination, amount)).await
    }

    pub async fn balance(&self, wallet: &str) -> i64 {
        self.get(&format!("/v1/wallets/{wallet}")).await.ok()["balance"].as_i64().expect("a balance")
    }

    /// Every object of a list, page by page, newest first.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let cursor = found.last().map(|last| format!("&starting_after={}", last["id"].as_str().unwrap()));
            let page = self.get(&format!("{path}{separator}limit=100{}", cursor.unwrap_or_default())).await.ok();
            found.extend(page["data"].as_array().expect("a list").iter().cloned());
            if page["has_more"] != true {
                return found;
            }
        }
    }
}

/// The body that asks for a day's rate from the euro.
pub fn quote_from_euro(to: &str) -> Value {
    json!({"to_currency": to, "from_currencies": ["eur"], "lock_duration": "day"})
}

/// The body that moves so many euro cents.
pub fn transfer_of(source: &str, destination: &str, amount: i64) -> Value {
    json!({"source": source, "destination": destination, "amount": amount, "currency": "eur"})
}
