//! The description: people's words, sealed for their place in the row.

use entity::tenant::wallet_transfer::Model;
use kernel::{Amount, WalletHoldId, WalletId, WalletTransferId};
use keyring::{Place, Sealed};
use uuid::Uuid;

use super::WalletTransfer;
use crate::{Failure, KeyAccess, metadata};

const TABLE: &str = "wallet_transfer";

const fn place(row: Uuid) -> Place {
    Place { table: TABLE, column: "description", row }
}

pub(super) fn seal(
    keys: &KeyAccess,
    id: WalletTransferId,
    description: Option<&String>,
) -> Result<Option<Sealed<String>>, Failure> {
    let Some(description) = description else { return Ok(None) };
    Ok(Some(keys.get()?.seal(description, &place(id.as_uuid()))?))
}

/// Opens a row.
pub(super) fn open(row: Model, keys: &KeyAccess, livemode: bool) -> Result<WalletTransfer, Failure> {
    let corrupt = |column| Failure::Corrupt { table: TABLE, column };
    let description = match row.description {
        Some(sealed) => Some(keys.get()?.open(&sealed, &place(row.id))?),
        None => None,
    };
    Ok(WalletTransfer {
        id: WalletTransferId::from_uuid(row.id),
        source: WalletId::from_uuid(row.source_wallet_id),
        destination: WalletId::from_uuid(row.destination_wallet_id),
        amount: Amount::try_new(row.amount_minor).map_err(|_| corrupt("amount_minor"))?,
        currency: row.currency.parse().map_err(|_| corrupt("currency"))?,
        description,
        metadata: metadata::from_json(TABLE, row.metadata)?,
        occurred_at: row.occurred_at.unwrap_or(row.created_at),
        reverses: row.reverses.map(WalletTransferId::from_uuid),
        hold: row.hold_id.map(WalletHoldId::from_uuid),
        livemode,
        created: row.created_at,
    })
}
