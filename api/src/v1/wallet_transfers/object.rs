//! The wallet transfer as the API shows it.

use kernel::{Amount, Currency, WalletId, WalletTransferId};
use payments::wallet_transfer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{call::Target, v1::Metadata};

/// Money that went from one wallet to another.
#[derive(Serialize, ToSchema)]
pub struct WalletTransfer {
    /// Identifier.
    #[schema(value_type = String)]
    id: WalletTransferId,
    /// Always `wallet_transfer`.
    object: &'static str,
    /// From.
    #[schema(value_type = String)]
    source: WalletId,
    /// To.
    #[schema(value_type = String)]
    destination: WalletId,
    /// Minor units.
    #[schema(value_type = i64)]
    amount: Amount,
    /// ISO 4217, lower case.
    #[schema(value_type = String)]
    currency: Currency,
    /// What for.
    description: Option<String>,
    /// The merchant's own key-value pairs.
    metadata: Metadata,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was made, in Unix seconds.
    created: i64,
}

impl Target for WalletTransfer {
    fn target(&self) -> String {
        self.id.to_string()
    }
}

impl From<wallet_transfer::WalletTransfer> for WalletTransfer {
    fn from(transfer: wallet_transfer::WalletTransfer) -> Self {
        Self {
            id: transfer.id,
            object: "wallet_transfer",
            source: transfer.source,
            destination: transfer.destination,
            amount: transfer.amount,
            currency: transfer.currency,
            description: transfer.description,
            metadata: transfer.metadata,
            livemode: transfer.livemode,
            created: transfer.created.unix_timestamp(),
        }
    }
}
