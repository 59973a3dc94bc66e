//! The requests themselves.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::Context as _;
use kernel::{Entropy as _, SystemEntropy, WalletId};
use load::Subject;
use serde_json::Value;

use super::client::Client;

/// Ids of wallets, by their number.
pub(crate) type Wallets = Arc<[WalletId]>;

/// A load that counts what was answered.
pub(crate) trait Counted: Subject {
    /// Good answers so far.
    fn answered(&self) -> u64;

    /// Whether each of them left a row behind.
    fn writes(&self) -> bool;
}

/// `POST /v1/wallet_transfers`, each under a key of its own.
pub(crate) struct Transfers {
    client: Client,
    wallets: Wallets,
    answered: AtomicU64,
}

/// `GET /v1/wallets/{id}` or what is below it; every answer is compared with the balance that the database holds.
pub(crate) struct Balances {
    client: Client,
    expected: Vec<(String, i64)>,
    name: &'static str,
    answered: AtomicU64,
}

impl Transfers {
    pub(crate) const fn new(client: Client, wallets: Wallets) -> Self {
        Self { client, wallets, answered: AtomicU64::new(0) }
    }
}

impl Subject for Transfers {
    fn name(&self) -> &'static str {
        "POST wallet_transfers"
    }

    async fn transfer(&self, debit: usize, credit: usize) -> anyhow::Result<()> {
        let wallet = |number: usize| self.wallets.get(number).context("a wallet that is not there");
        let (source, destination) = (wallet(debit)?, wallet(credit)?);
        let body = format!(r#"{{"source":"{source}","destination":"{destination}","amount":1,"currency":"eur"}}"#);
        self.client.post("/v1/wallet_transfers", &key(), body).await?;
        self.answered.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Counted for Transfers {
    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    fn writes(&self) -> bool {
        true
    }
}

impl Balances {
    /// `below` is what follows the wallet's id in the path.
    pub(crate) fn try_new(client: Client, wallets: &[WalletId], below: &str, balances: &[i64]) -> anyhow::Result<Self> {
        anyhow::ensure!(wallets.len() == balances.len(), "{} wallets, {} balances", wallets.len(), balances.len());
        let expected = wallets.iter().zip(balances).map(|(id, balance)| (format!("/v1/wallets/{id}{below}"), *balance));
        let name = if below.is_empty() { "GET wallets/{id}" } else { "GET wallets/{id}/balance" };
        Ok(Self { client, expected: expected.collect(), name, answered: AtomicU64::new(0) })
    }
}

impl Subject for Balances {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn transfer(&self, debit: usize, _credit: usize) -> anyhow::Result<()> {
        let (path, expected) = self.expected.get(debit).context("a wallet that is not there")?;
        let body: Value = serde_json::from_slice(&self.client.get(path).await?)?;
        let balance = body.get("balance").and_then(Value::as_i64);
        anyhow::ensure!(balance == Some(*expected), "{path} answers {balance:?}, the database holds {expected}");
        self.answered.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Counted for Balances {
    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    fn writes(&self) -> bool {
        false
    }
}

/// A key as SDKs make them: random, so that neighbours in time are none in the index.
fn key() -> String {
    let mut random = [0_u8; 16];
    SystemEntropy.fill(&mut random);
    uuid::Builder::from_random_bytes(random).into_uuid().to_string()
}
