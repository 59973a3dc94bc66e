//! A tenant whose keys can be taken away, and what must be shut and what open while they are.

use std::time::Duration;

use serde_json::json;

use super::customer;
use crate::app::{
    App,
    client::Client,
    stack::Stack,
    tenant::{Plan, Tenant},
    transfer_of,
    until::until,
};

/// A tenant whose keys can be taken away, with something sealed and some money on both sides.
pub struct Guarded {
    pub tenant: Tenant,
    pub owner: Client,
    pub customer: String,
    pub wallets: (String, String),
    live_customer: String,
}

impl Guarded {
    pub async fn set(app: &App, stack: &Stack, key_provider: &'static str) -> Self {
        let tenant = app.tenant_on(stack, &Plan { key_provider, ..Plan::default() }).await;
        let owner = tenant.test.member("owner");
        let (customer, _) = customer(&owner, "Guarded").await;
        let (live_customer, _) = self::customer(&tenant.live.member("owner"), "Guarded").await;
        let wallets = (owner.open_funded_wallet(1_000).await, owner.open_wallet("eur").await);
        Self { tenant, owner, customer, wallets, live_customer }
    }

    /// Whether the customer can be read; anything but yes or a proper 503 is a failure.
    pub async fn opens(&self) -> bool {
        let answer = self.owner.get(&format!("/v1/customers/{}", self.customer)).await;
        match answer.status {
            200 => true,
            _ => {
                assert!(answer.status == 503 || answer.status == 500, "{} {}", answer.status, answer.text);
                assert!(!answer.text.contains("Guarded"), "{}", answer.text);
                false
            }
        }
    }

    pub async fn closes_within(&self, limit: Duration) -> Duration {
        until(limit, || async { !self.opens().await }).await
    }

    /// With the key away: nothing is read or stored that needs it, money moves on, the live side does not notice.
    pub async fn assert_closed(&self, stack: &Stack, status: u16) {
        let schema = &self.tenant.test.schema;
        let count = || async {
            (stack.database.count(schema, "customer").await, stack.database.count(schema, "wallet_transfer").await)
        };
        let before = count().await;
        let (source, destination) = &self.wallets;
        let mut described = transfer_of(source, destination, 1);
        described["description"] = json!("for tea");
        for (what, answer) in [
            ("read", self.owner.get(&format!("/v1/customers/{}", self.customer)).await),
            ("list", self.owner.get("/v1/customers").await),
            ("find", self.owner.get("/v1/customers?email=guarded@example.com").await),
            (
                "create",
                self.owner.post("/v1/customers", json!({"name": "In Clear", "email": "in-clear@example.com"})).await,
            ),
            (
                "update",
                self.owner.post(&format!("/v1/customers/{}", self.customer), json!({"phone": "+1 555 in clear"})).await,
            ),
            ("a transfer with a description", self.owner.post("/v1/wallet_transfers", described).await),
        ] {
            assert_eq!(answer.status, status, "{what}: {}", answer.text);
            assert_eq!(answer.error()["type"], "api_error", "{what}");
            if status == 503 {
                assert!(answer.header("retry-after").is_some(), "{what} says when to come back");
            }
        }
        assert_eq!(before, count().await, "something was stored without a key");
        self.owner.transfer(source, destination, 1).await.ok();
        self.owner.open_wallet("eur").await;
        self.owner.get("/v1/wallets").await.ok();
        let plain = self.owner.get("/v1/wallet_transfers").await;
        assert_eq!(plain.status, 200, "transfers without a description need no key: {}", plain.text);
        let live = self.tenant.live.member("owner").get(&format!("/v1/customers/{}", self.live_customer)).await;
        assert_eq!(live.ok()["name"], "Guarded", "the live side has its own key");
        let in_clear = format!("SELECT count(*) FROM {schema}.customer WHERE position('In Clear'::bytea IN name) > 0");
        assert_eq!(stack.database.number(&in_clear).await, 0);
    }
}
