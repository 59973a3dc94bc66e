//! The wallet as the API shows it.

use kernel::{Currency, CustomerId, WalletId};
use payments::wallet;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{call::Target, v1::Metadata};

/// A stored balance in one currency.
#[derive(Serialize, ToSchema)]
pub struct Wallet {
    /// Identifier.
    #[schema(value_type = String)]
    id: WalletId,
    /// Always `wallet`.
    object: &'static str,
    /// Whose; null is the merchant's own.
    #[schema(value_type = Option<String>)]
    customer: Option<CustomerId>,
    /// `standard` or `clearing`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `open`, `frozen` or `closed`.
    status: &'static str,
    /// What is in it, in minor units.
    balance: i64,
    /// How much of that holds keep back, in minor units.
    held: i64,
    /// What may be moved, in minor units: the balance less what is held; the overdraft comes on top.
    available: i64,
    /// How far below zero it may go, in minor units; null knows no bound.
    overdraft_limit: Option<i64>,
    /// ISO 4217, lower case.
    #[schema(value_type = String)]
    currency: Currency,
    /// The merchant's own key-value pairs.
    metadata: Metadata,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was made, in Unix seconds.
    created: i64,
}

impl Target for Wallet {
    fn target(&self) -> String {
        self.id.to_string()
    }
}

impl From<wallet::Wallet> for Wallet {
    fn from(wallet: wallet::Wallet) -> Self {
        Self {
            id: wallet.id,
            object: "wallet",
            customer: wallet.customer,
            kind: wallet.kind.as_str(),
            status: wallet.standing.as_str(),
            balance: wallet.balance.minor,
            held: wallet.held_minor,
            available: wallet.balance.minor.saturating_sub(wallet.held_minor),
            overdraft_limit: wallet.overdraft_limit,
            currency: wallet.balance.currency,
            metadata: wallet.metadata,
            livemode: wallet.livemode,
            created: wallet.created.unix_timestamp(),
        }
    }
}
