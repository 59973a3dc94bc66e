//! What can be asked of the ledger.

use kernel::{Amount, Currency, LedgerAccountId, LedgerHoldId, LedgerTransferId};
use time::OffsetDateTime;

/// One step of a posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Money moves.
    Transfer(TransferDraft),
    /// A transfer is undone by its opposite, once.
    Reverse {
        /// Identifier of the new transfer.
        id: LedgerTransferId,
        /// The transfer to undo.
        original: LedgerTransferId,
    },
    /// Money is kept back for a later capture.
    Hold(HoldDraft),
    /// Held money moves.
    Capture(CaptureDraft),
    /// What a hold still keeps back is free again.
    Release {
        /// Which hold.
        hold: LedgerHoldId,
    },
    /// The same, because the hold's time is over.
    Expire {
        /// Which hold.
        hold: LedgerHoldId,
    },
}

/// Money to move: out of the debit account, into the credit account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferDraft {
    /// Identifier, unique for ever: asked for again with the same body it answers as before.
    pub id: LedgerTransferId,
    /// Decreases.
    pub debit: LedgerAccountId,
    /// Increases.
    pub credit: LedgerAccountId,
    /// How much.
    pub amount: Amount,
    /// Of what; both accounts must be in it.
    pub currency: Currency,
    /// When it counts, where that is not when it is booked.
    pub effective_at: Option<OffsetDateTime>,
}

impl TransferDraft {
    /// A transfer that counts from when it is booked.
    pub const fn new(
        id: LedgerTransferId,
        debit: LedgerAccountId,
        credit: LedgerAccountId,
        amount: Amount,
        currency: Currency,
    ) -> Self {
        Self { id, debit, credit, amount, currency, effective_at: None }
    }
}

impl From<TransferDraft> for Operation {
    fn from(draft: TransferDraft) -> Self {
        Self::Transfer(draft)
    }
}

/// Money to keep back on the debit account for the credit account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldDraft {
    /// Identifier, unique for ever.
    pub id: LedgerHoldId,
    /// Whose money is kept back.
    pub debit: LedgerAccountId,
    /// Who gets what is captured.
    pub credit: LedgerAccountId,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// From when on it can no longer be captured.
    pub expires_at: Option<OffsetDateTime>,
}

/// Held money to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureDraft {
    /// Identifier of the new transfer.
    pub id: LedgerTransferId,
    /// Which hold.
    pub hold: LedgerHoldId,
    /// How much; `None` is all that is left.
    pub amount: Option<Amount>,
    /// Whether what is left after it stays held for another capture.
    pub keep_remainder: bool,
}

impl Operation {
    /// The transfer it makes.
    pub const fn new_transfer(&self) -> Option<LedgerTransferId> {
        match self {
            Self::Transfer(TransferDraft { id, .. })
            | Self::Reverse { id, .. }
            | Self::Capture(CaptureDraft { id, .. }) => Some(*id),
            Self::Hold(_) | Self::Release { .. } | Self::Expire { .. } => None,
        }
    }

    /// The hold it makes.
    pub const fn new_hold(&self) -> Option<LedgerHoldId> {
        match self {
            Self::Hold(draft) => Some(draft.id),
            _ => None,
        }
    }

    /// The hold it is about.
    pub const fn hold(&self) -> Option<LedgerHoldId> {
        match self {
            Self::Hold(HoldDraft { id: hold, .. })
            | Self::Capture(CaptureDraft { hold, .. })
            | Self::Release { hold }
            | Self::Expire { hold } => Some(*hold),
            Self::Transfer(_) | Self::Reverse { .. } => None,
        }
    }

    /// The accounts it names itself; others are found through its hold or the transfer it reverses.
    pub fn accounts(&self) -> impl Iterator<Item = LedgerAccountId> + use<> {
        let pair = match self {
            Self::Transfer(draft) => Some([draft.debit, draft.credit]),
            Self::Hold(draft) => Some([draft.debit, draft.credit]),
            Self::Reverse { .. } | Self::Capture(_) | Self::Release { .. } | Self::Expire { .. } => None,
        };
        pair.into_iter().flatten()
    }
}
