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
    /// What is in it, in minor units.
    balance: i64,
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
            balance: wallet.balance.minor,
            currency: wallet.balance.currency,
            metadata: wallet.metadata,
            livemode: wallet.livemode,
            created: wallet.created.unix_timestamp(),
        }
    }
}
