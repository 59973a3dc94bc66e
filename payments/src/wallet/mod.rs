//! Stored balances, one currency each, backed by a ledger account that never goes below zero.

mod balance;
mod create;
mod fund;
mod list;
mod refusal;
mod retrieve;
pub(crate) mod store;

use std::collections::BTreeMap;

use entity::tenant::wallet::Model;
use kernel::{CustomerId, LedgerAccountId, Money, WalletId};
use time::OffsetDateTime;

pub use balance::balance_at;
pub use create::{WalletDraft, create};
pub use fund::fund;
pub use list::{WalletFilter, list};
pub use refusal::Refusal;
pub use retrieve::retrieve;

use crate::{Failure, metadata};

/// The table, as damaged rows name it.
pub(crate) const TABLE: &str = "wallet";

/// A stored balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Identifier.
    pub id: WalletId,
    /// Whose; `None` is the merchant's own.
    pub customer: Option<CustomerId>,
    /// What it holds.
    pub balance: Money,
    /// The merchant's own key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Whether it is in the live environment.
    pub livemode: bool,
    /// When it was made.
    pub created: OffsetDateTime,
}

/// The account behind a wallet.
pub(crate) fn account_of(row: &Model) -> LedgerAccountId {
    LedgerAccountId::from_uuid(row.account_id)
}

/// A row and what its account holds.
fn view(row: Model, balance: Option<Money>, livemode: bool) -> Result<Wallet, Failure> {
    let balance = balance.ok_or(Failure::Corrupt { table: TABLE, column: "account_id" })?;
    if balance.currency.code() != row.currency {
        return Err(Failure::Corrupt { table: TABLE, column: "currency" });
    }
    Ok(Wallet {
        id: WalletId::from_uuid(row.id),
        customer: row.customer_id.map(CustomerId::from_uuid),
        balance,
        metadata: metadata::from_json(TABLE, row.metadata)?,
        livemode,
        created: row.created_at,
    })
}
