//! Orders on wallets, as they wait.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{
    Amount, Currency, LedgerAccountId, LedgerHoldId, LedgerTransferId, RequestId, WalletHoldId, WalletId,
    WalletTransferId,
};
use keyring::Sealed;
use ledger::{
    Operation, TransferDraft,
    rules::{CaptureDraft, HoldDraft},
};
use policies::Reach;
use tenancy::{
    Actor,
    idempotency::{Answer, Fingerprint, IdempotencyKey},
};
use time::OffsetDateTime;

use super::{Declined, Object};
use crate::{KeyAccess, wallet_transfer::Refusal};

/// An order that was permitted and is to be carried out once.
#[derive(Clone, Debug)]
pub struct WalletOrder {
    /// Who asks.
    pub actor: Arc<Actor>,
    /// In which request.
    pub request: RequestId,
    /// For the audit log, such as `wallet_transfer.create`.
    pub action: &'static str,
    /// The policy rule that permitted it.
    pub rule: String,
    /// How far the permit reaches.
    pub reach: Reach,
    /// What makes it repeatable.
    pub key: IdempotencyKey,
    /// What the key is bound to.
    pub fingerprint: Fingerprint,
    /// The environment's field keys, where the order has personal words in it.
    pub keys: KeyAccess,
    /// What is asked; several take effect together or not at all.
    pub asks: Vec<Ask>,
    /// How the outcome is put to the client.
    pub render: fn(&Result<Vec<Object>, Declined>) -> Rendered,
}

/// An outcome as the client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
}

/// What became of an order.
#[derive(Debug)]
pub enum Answered {
    /// It was decided now.
    Now {
        /// What it came to.
        outcome: Result<Vec<Object>, Declined>,
        /// The same for the client.
        rendered: Rendered,
    },
    /// It was decided before, with this answer.
    Before(Answer),
    /// Its key belongs to another request.
    OtherRequest,
    /// Its key belongs to a request that still runs.
    InProgress,
    /// Its answer could not be sealed; nothing of it happened.
    Failed(String),
}

/// One thing asked of wallets.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Refused before anything was read; said in its turn.
    Refused(Refusal),
    /// Money moves.
    Transfer(TransferAsk),
    /// A transfer is undone.
    Reverse {
        /// The new transfer.
        id: WalletTransferId,
        /// The transfer to undo.
        original: WalletTransferId,
    },
    /// Money is kept back.
    Hold(HoldAsk),
    /// Held money moves.
    Capture {
        /// The new transfer.
        id: WalletTransferId,
        /// Which hold.
        hold: WalletHoldId,
        /// How much; `None` is all that is left.
        amount: Option<Amount>,
        /// Whether what is left after it stays held.
        keep_remainder: bool,
    },
    /// A hold ends.
    Release {
        /// Which hold.
        hold: WalletHoldId,
    },
    /// A hold ends because its time is over.
    Expire {
        /// Which hold.
        hold: WalletHoldId,
    },
}

/// Money to move between wallets.
#[derive(Clone)]
pub struct TransferAsk {
    pub(crate) id: WalletTransferId,
    pub(crate) source: WalletId,
    pub(crate) destination: WalletId,
    pub(crate) amount: Amount,
    pub(crate) currency: Currency,
    pub(crate) occurred_at: Option<OffsetDateTime>,
    pub(crate) description: Option<String>,
    pub(crate) sealed: Option<Sealed<String>>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl std::fmt::Debug for TransferAsk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TransferAsk")
            .field("id", &self.id)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

/// Money of one wallet to keep back for another.
#[derive(Clone, Debug)]
pub struct HoldAsk {
    pub(crate) id: WalletHoldId,
    pub(crate) source: WalletId,
    pub(crate) destination: WalletId,
    pub(crate) amount: Amount,
    pub(crate) currency: Currency,
    pub(crate) expires_at: Option<OffsetDateTime>,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A wallet and its account have one id.
const fn account(wallet: WalletId) -> LedgerAccountId {
    LedgerAccountId::from_uuid(wallet.as_uuid())
}

/// A wallet transfer and the ledger's have one id.
const fn transfer(id: WalletTransferId) -> LedgerTransferId {
    LedgerTransferId::from_uuid(id.as_uuid())
}

/// A wallet hold and the ledger's have one id.
pub(super) const fn ledger_hold(id: WalletHoldId) -> LedgerHoldId {
    LedgerHoldId::from_uuid(id.as_uuid())
}

impl Ask {
    /// What the ledger is to do for it.
    pub(super) fn operation(&self) -> Option<Operation> {
        Some(match self {
            Self::Refused(_) => return None,
            Self::Transfer(ask) => Operation::Transfer(TransferDraft {
                effective_at: ask.occurred_at,
                ..TransferDraft::new(
                    transfer(ask.id),
                    account(ask.source),
                    account(ask.destination),
                    ask.amount,
                    ask.currency,
                )
            }),
            Self::Reverse { id, original } => Operation::Reverse { id: transfer(*id), original: transfer(*original) },
            Self::Hold(ask) => Operation::Hold(HoldDraft {
                id: ledger_hold(ask.id),
                debit: account(ask.source),
                credit: account(ask.destination),
                amount: ask.amount,
                currency: ask.currency,
                expires_at: ask.expires_at,
            }),
            Self::Capture { id, hold, amount, keep_remainder } => Operation::Capture(CaptureDraft {
                id: transfer(*id),
                hold: ledger_hold(*hold),
                amount: *amount,
                keep_remainder: *keep_remainder,
            }),
            Self::Release { hold } => Operation::Release { hold: ledger_hold(*hold) },
            Self::Expire { hold } => Operation::Expire { hold: ledger_hold(*hold) },
        })
    }
}
