//! The wallet transfer as the API shows it.

use kernel::{Amount, Currency, WalletHoldId, WalletId, WalletTransferId};
use payments::wallet_transfer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::v1::Metadata;

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
    /// When it counts, in Unix seconds.
    occurred_at: i64,
    /// The transfer it undoes.
    #[schema(value_type = Option<String>)]
    reverses: Option<WalletTransferId>,
    /// The hold it was captured from.
    #[schema(value_type = Option<String>)]
    hold: Option<WalletHoldId>,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was made, in Unix seconds.
    created: i64,
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
            occurred_at: transfer.occurred_at.unix_timestamp(),
            reverses: transfer.reverses,
            hold: transfer.hold,
            livemode: transfer.livemode,
            created: transfer.created.unix_timestamp(),
        }
    }
}
