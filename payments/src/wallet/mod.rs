//! Stored balances, one currency each, backed by a ledger account of the same id.

mod balance;
mod create;
mod fund;
mod list;
mod refusal;
mod retrieve;
mod standing;
pub(crate) mod store;

use std::collections::BTreeMap;

use entity::tenant::wallet::Model;
use kernel::{CustomerId, LedgerAccountId, Money, WalletId};
use ledger::rules::{AccountState, Standing};
use time::OffsetDateTime;

pub use balance::balance_at;
pub use create::{WalletDraft, create};
pub use fund::fund;
pub use list::{WalletFilter, list};
pub use refusal::Refusal;
pub use retrieve::{WalletQuestion, retrieve};
pub use standing::{close, freeze, unfreeze};

use crate::{Failure, metadata};

/// The table, as damaged rows name it.
pub(crate) const TABLE: &str = "wallet";

/// What a wallet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletKind {
    /// It holds somebody's money.
    Standard,
    /// It stands for the outside: where money comes from and goes to.
    Clearing,
}

impl WalletKind {
    /// What the column holds.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Clearing => "clearing",
        }
    }
}

/// A stored balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Identifier.
    pub id: WalletId,
    /// Whose; `None` is the merchant's own.
    pub customer: Option<CustomerId>,
    /// What it is for.
    pub kind: WalletKind,
    /// Whether money may move.
    pub standing: Standing,
    /// What it holds.
    pub balance: Money,
    /// How much of it is held, in minor units.
    pub held_minor: i64,
    /// How far below zero it may go, in minor units; `None` knows no bound.
    pub overdraft_limit: Option<i64>,
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

/// A row and its account.
fn view(row: Model, account: Option<&AccountState>, livemode: bool) -> Result<Wallet, Failure> {
    let account = account.ok_or(Failure::Corrupt { table: TABLE, column: "account_id" })?;
    if account.currency.code() != row.currency {
        return Err(Failure::Corrupt { table: TABLE, column: "currency" });
    }
    let kinds = [WalletKind::Standard, WalletKind::Clearing];
    let kind = kinds.into_iter().find(|kind| kind.as_str() == row.r#type);
    Ok(Wallet {
        id: WalletId::from_uuid(row.id),
        customer: row.customer_id.map(CustomerId::from_uuid),
        kind: kind.ok_or(Failure::Corrupt { table: TABLE, column: "type" })?,
        standing: account.standing,
        balance: Money { minor: account.balance_minor, currency: account.currency },
        held_minor: account.held_minor,
        overdraft_limit: account.floor_minor.map(i64::saturating_neg),
        metadata: metadata::from_json(TABLE, row.metadata)?,
        livemode,
        created: row.created_at,
    })
}
