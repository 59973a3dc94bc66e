//! What a client of the campaign asks for. Its idempotency key says all of it, the outcomes it may have included, so
//! that whoever reads the key knows what has to be in the books.

use std::{fmt, str::FromStr};

use kernel::{WalletHoldId, WalletTransferId};
use serde_json::{Value, json};

/// How every key of the campaign begins.
pub const KEY_PREFIX: &str = "campaign";
/// The outcome of what was carried out; every other is the code of a refusal.
pub const DONE: &str = "done";

/// One order: the client's number, the order's number within the client, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub client: usize,
    pub number: usize,
    pub deed: Deed,
    /// Outcomes that may come.
    pub allowed: Vec<String>,
}

/// What is asked. Wallets are named by their place among the four, holds and transfers by the number of the order that
/// made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Transfer { source: usize, destination: usize, amount: i64 },
    Hold { source: usize, destination: usize, amount: i64 },
    Capture { hold: usize, amount: i64, keeps_remainder: bool },
    Release { hold: usize },
    Reverse { original: usize },
}

impl Deed {
    /// What the audit log calls it.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Transfer { .. } => "wallet_transfer.create",
            Self::Hold { .. } => "wallet_hold.create",
            Self::Capture { .. } => "wallet_hold.capture",
            Self::Release { .. } => "wallet_hold.release",
            Self::Reverse { .. } => "wallet_transfer.reverse",
        }
    }
}

impl Order {
    /// The idempotency key.
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// Path and body. `made` is the id of the object that it is about, where it is about one.
    pub fn request(&self, wallets: &[String], made: Option<uuid::Uuid>) -> (String, Value) {
        let moved = |source: usize, destination: usize, amount: i64| {
            json!({
                "source": wallets[source], "destination": wallets[destination], "amount": amount, "currency": "eur",
                "metadata": {"key": self.key()},
            })
        };
        let hold = || WalletHoldId::from_uuid(made.expect("the hold is known"));
        match self.deed {
            Deed::Transfer { source, destination, amount } => {
                ("/v1/wallet_transfers".to_owned(), moved(source, destination, amount))
            }
            Deed::Hold { source, destination, amount } => {
                ("/v1/wallet_holds".to_owned(), moved(source, destination, amount))
            }
            Deed::Capture { amount, keeps_remainder, .. } => (
                format!("/v1/wallet_holds/{}/capture", hold()),
                json!({"amount": amount, "release_remainder": !keeps_remainder}),
            ),
            Deed::Release { .. } => (format!("/v1/wallet_holds/{}/release", hold()), json!({})),
            Deed::Reverse { .. } => {
                let original = WalletTransferId::from_uuid(made.expect("the transfer is known"));
                (format!("/v1/wallet_transfers/{original}/reverse"), json!({}))
            }
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KEY_PREFIX} {} {} ", self.client, self.number)?;
        match self.deed {
            Deed::Transfer { source, destination, amount } => write!(f, "transfer {source} {destination} {amount}")?,
            Deed::Hold { source, destination, amount } => write!(f, "hold {source} {destination} {amount}")?,
            Deed::Capture { hold, amount, keeps_remainder } => {
                write!(f, "capture {hold} {amount} {}", if keeps_remainder { "keep" } else { "end" })?;
            }
            Deed::Release { hold } => write!(f, "release {hold}")?,
            Deed::Reverse { original } => write!(f, "reverse {original}")?,
        }
        write!(f, " {}", self.allowed.join("|"))
    }
}

impl FromStr for Order {
    type Err = String;

    fn from_str(key: &str) -> Result<Self, String> {
        let wrong = || format!("not a key of the campaign: {key}");
        let words: Vec<&str> = key.split(' ').collect();
        let number = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        let amount = |text: &str| text.parse::<i64>().map_err(|_| wrong());
        let [KEY_PREFIX, client, order, deed @ .., allowed] = words.as_slice() else { return Err(wrong()) };
        let deed = match deed {
            ["transfer", source, destination, minor] => {
                Deed::Transfer { source: number(source)?, destination: number(destination)?, amount: amount(minor)? }
            }
            ["hold", source, destination, minor] => {
                Deed::Hold { source: number(source)?, destination: number(destination)?, amount: amount(minor)? }
            }
            ["capture", hold, minor, rest] => {
                Deed::Capture { hold: number(hold)?, amount: amount(minor)?, keeps_remainder: *rest == "keep" }
            }
            ["release", hold] => Deed::Release { hold: number(hold)? },
            ["reverse", original] => Deed::Reverse { original: number(original)? },
            _ => return Err(wrong()),
        };
        let allowed = allowed.split('|').map(str::to_owned).collect();
        Ok(Self { client: number(client)?, number: number(order)?, deed, allowed })
    }
}
