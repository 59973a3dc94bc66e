//! The hold as the API shows it.

use kernel::{Amount, Currency, WalletHoldId, WalletId};
use payments::wallet_hold;
use serde::Serialize;
use utoipa::ToSchema;

use crate::v1::Metadata;

/// Money of one wallet kept back for another.
#[derive(Serialize, ToSchema)]
pub struct WalletHold {
    /// Identifier.
    #[schema(value_type = String)]
    id: WalletHoldId,
    /// Always `wallet_hold`.
    object: &'static str,
    /// Whose money is kept back.
    #[schema(value_type = String)]
    source: WalletId,
    /// Who gets what is captured.
    #[schema(value_type = String)]
    destination: WalletId,
    /// What was asked for, in minor units.
    #[schema(value_type = i64)]
    amount: Amount,
    /// What was captured so far, in minor units.
    amount_captured: i64,
    /// What is still kept back, in minor units.
    amount_remaining: i64,
    /// ISO 4217, lower case.
    #[schema(value_type = String)]
    currency: Currency,
    /// `pending`, `captured`, `released` or `expired`.
    status: &'static str,
    /// From when on it can no longer be captured, in Unix seconds.
    expires_at: Option<i64>,
    /// The merchant's own key-value pairs.
    metadata: Metadata,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was made, in Unix seconds.
    created: i64,
}

impl From<wallet_hold::WalletHold> for WalletHold {
    fn from(hold: wallet_hold::WalletHold) -> Self {
        Self {
            id: hold.id,
            object: "wallet_hold",
            source: hold.source,
            destination: hold.destination,
            amount: hold.amount,
            amount_captured: hold.captured_minor,
            amount_remaining: hold.remaining_minor,
            currency: hold.currency,
            status: hold.state.as_str(),
            expires_at: hold.expires_at.map(time::OffsetDateTime::unix_timestamp),
            metadata: hold.metadata,
            livemode: hold.livemode,
            created: hold.created.unix_timestamp(),
        }
    }
}
