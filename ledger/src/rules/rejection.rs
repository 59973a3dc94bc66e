//! Why a posting has no effect.

use thiserror::Error;

use super::POSTING_OPERATIONS_MAX;

/// Why a posting has no effect: which of its operations, and for what reason.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("operation {operation} of the posting: {reason}")]
pub struct Rejection {
    /// Position in the posting, from 0.
    pub operation: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What a rule says against an operation.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Reason {
    /// The posting has no operations.
    #[error("a posting has at least one operation")]
    EmptyPosting,
    /// The posting has more than [`POSTING_OPERATIONS_MAX`] operations.
    #[error("a posting has at most {POSTING_OPERATIONS_MAX} operations")]
    PostingTooLong,
    /// The posting names a new transfer or hold twice.
    #[error("the posting names one id twice")]
    IdRepeated,
    /// The id was used before for something else.
    #[error("the id was used before for something else")]
    DuplicateWithOtherBody,
    /// Debit and credit are one account.
    #[error("debit and credit are the same account")]
    SameAccount,
    /// There is no such account.
    #[error("there is no such account")]
    AccountMissing,
    /// An account is in another currency.
    #[error("an account is in another currency")]
    CurrencyMismatch,
    /// An account is closed.
    #[error("an account is closed")]
    AccountClosed,
    /// An account is frozen.
    #[error("an account is frozen")]
    AccountFrozen,
    /// The debit account would go below its floor.
    #[error("the debit account has too little")]
    InsufficientFunds,
    /// A balance would leave 64 bits.
    #[error("a balance would be out of range")]
    BalanceOverflow,
    /// There is no such transfer to reverse.
    #[error("there is no such transfer")]
    TransferMissing,
    /// The transfer has been reversed.
    #[error("the transfer has been reversed")]
    AlreadyReversed,
    /// A reversal is not reversed.
    #[error("a reversal is not reversed")]
    NotReversible,
    /// There is no such hold.
    #[error("there is no such hold")]
    HoldMissing,
    /// The hold has ended.
    #[error("the hold has ended")]
    HoldNotPending,
    /// The hold's time is over.
    #[error("the hold has expired")]
    HoldExpired,
    /// The hold's time is not over.
    #[error("the hold has not expired")]
    HoldNotExpired,
    /// The hold keeps less than is to be captured.
    #[error("the hold keeps less than that")]
    CaptureTooLarge,
}

impl Reason {
    /// A stable word for errors and audit records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EmptyPosting => "empty_posting",
            Self::PostingTooLong => "posting_too_long",
            Self::IdRepeated => "id_repeated",
            Self::DuplicateWithOtherBody => "duplicate_with_other_body",
            Self::SameAccount => "same_account",
            Self::AccountMissing => "account_missing",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::AccountClosed => "account_closed",
            Self::AccountFrozen => "account_frozen",
            Self::InsufficientFunds => "insufficient_funds",
            Self::BalanceOverflow => "balance_overflow",
            Self::TransferMissing => "transfer_missing",
            Self::AlreadyReversed => "already_reversed",
            Self::NotReversible => "not_reversible",
            Self::HoldMissing => "hold_missing",
            Self::HoldNotPending => "hold_not_pending",
            Self::HoldExpired => "hold_expired",
            Self::HoldNotExpired => "hold_not_expired",
            Self::CaptureTooLarge => "capture_too_large",
        }
    }
}
