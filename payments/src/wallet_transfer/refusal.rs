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
            Self::BalanceTooLarge => "balance_too_large",
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param, .. } => Some(param),
            Self::SameWallet => Some("destination"),
            Self::CurrencyMismatch => Some("currency"),
            Self::InsufficientFunds | Self::BalanceTooLarge => Some("amount"),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(_) | Self::SameWallet | Self::CurrencyMismatch => RefusalClass::Invalid,
            Self::Missing { .. } => RefusalClass::Missing,
            Self::InsufficientFunds | Self::BalanceTooLarge => RefusalClass::Declined,
        }
    }
}
