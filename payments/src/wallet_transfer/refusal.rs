//! Why a transfer is refused.

use thiserror::Error;

use crate::{RefusalClass, field::InvalidField};

/// Why a transfer is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// A parameter breaks a rule of its own.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// There is no such object, or not for this actor.
    #[error("there is no such {object}")]
    Missing {
        /// What was looked for.
        object: &'static str,
        /// The parameter that named it.
        param: &'static str,
    },
    /// Source and destination are one wallet.
    #[error("source and destination are the same wallet")]
    SameWallet,
    /// A wallet is in another currency.
    #[error("both wallets must be in the transfer's currency")]
    CurrencyMismatch,
    /// The source holds too little.
    #[error("the source wallet holds too little")]
    InsufficientFunds,
    /// A wallet is frozen.
    #[error("a wallet of the transfer is frozen")]
    WalletFrozen,
    /// A wallet is closed.
    #[error("a wallet of the transfer is closed")]
    WalletClosed,
    /// It would count from a moment that has not come.
    #[error("must not be in the future")]
    OccursInFuture,
    /// The hold would be over before it begins.
    #[error("must be in the future")]
    ExpiresInPast,
    /// It has been reversed.
    #[error("the transfer has been reversed")]
    AlreadyReversed,
    /// A reversal is not reversed.
    #[error("a reversal is not reversed")]
    NotReversible,
    /// The hold has ended.
    #[error("the hold has ended")]
    HoldNotPending,
    /// The hold's time is over.
    #[error("the hold has expired")]
    HoldExpired,
    /// The hold keeps less than is to be captured.
    #[error("the hold keeps less than that")]
    CaptureTooLarge,
    /// The destination's balance would leave 64 bits.
    #[error("the destination wallet's balance would be too large")]
    BalanceTooLarge,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(field) => field.code(),
            Self::Missing { .. } => "resource_missing",
            Self::SameWallet => "same_wallet",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::InsufficientFunds => "insufficient_funds",
            Self::WalletFrozen => "wallet_frozen",
            Self::WalletClosed => "wallet_closed",
            Self::OccursInFuture | Self::ExpiresInPast => "parameter_invalid",
            Self::AlreadyReversed => "already_reversed",
            Self::NotReversible => "not_reversible",
            Self::HoldNotPending => "hold_not_pending",
            Self::HoldExpired => "hold_expired",
            Self::CaptureTooLarge => "capture_too_large",
            Self::BalanceTooLarge => "balance_too_large",
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param, .. } => Some(param),
            Self::SameWallet => Some("destination"),
            Self::CurrencyMismatch => Some("currency"),
            Self::OccursInFuture => Some("occurred_at"),
            Self::ExpiresInPast => Some("expires_at"),
            Self::WalletFrozen
            | Self::WalletClosed
            | Self::AlreadyReversed
            | Self::NotReversible
            | Self::HoldNotPending
            | Self::HoldExpired => None,
            Self::InsufficientFunds | Self::BalanceTooLarge | Self::CaptureTooLarge => Some("amount"),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(_)
            | Self::SameWallet
            | Self::CurrencyMismatch
            | Self::OccursInFuture
            | Self::ExpiresInPast
            | Self::CaptureTooLarge => RefusalClass::Invalid,
            Self::Missing { .. } => RefusalClass::Missing,
            Self::InsufficientFunds | Self::BalanceTooLarge => RefusalClass::Declined,
            Self::WalletFrozen
            | Self::WalletClosed
            | Self::AlreadyReversed
            | Self::NotReversible
            | Self::HoldNotPending
            | Self::HoldExpired => RefusalClass::Conflict,
        }
    }
}
