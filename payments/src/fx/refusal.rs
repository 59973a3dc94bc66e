//! Why rates, a quote or a conversion are refused.

use kernel::Currency;
use thiserror::Error;

use crate::{RefusalClass, field::InvalidField};

/// Why rates, a quote or a conversion are refused.
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
    /// The actor may only ask for himself and is no customer yet.
    #[error("there is no customer for this person yet; create it first")]
    CustomerRequired,
    /// No rate was published that leads from one currency to the other, or none that is young enough.
    #[error("there is no usable rate from {from} to {to}")]
    RateMissing {
        /// Given.
        from: Currency,
        /// Wanted.
        to: Currency,
    },
    /// The quote served another conversion.
    #[error("the quote has been used; a quote is good for one conversion")]
    QuoteUsed,
    /// The quote's time is over.
    #[error("the quote has expired")]
    QuoteExpired,
    /// The quote never locked its rates.
    #[error("the quote locks no rate: ask for one with a lock_duration other than `none`")]
    QuoteNotLocked,
    /// The source wallet is not of the customer the quote was made for.
    #[error("the quote was made for another customer than the source wallet's")]
    QuoteOfAnother,
    /// The quote has no rate for the wallets' currencies.
    #[error("the quote has no rate from the source wallet's currency to the destination wallet's")]
    CurrencyMismatch,
    /// The source wallet is in another currency than the one that was named.
    #[error("the source wallet is in another currency")]
    WrongCurrency,
    /// Source and destination are one wallet.
    #[error("source and destination are the same wallet")]
    SameWallet,
    /// It would come to less than one minor unit.
    #[error("the amount comes to less than one minor unit of the destination's currency")]
    AmountTooSmall,
    /// It would come to more than an amount can be.
    #[error("the amount comes to more than 9007199254740991 minor units of the destination's currency")]
    AmountTooLarge,
    /// The source holds too little.
    #[error("the source wallet holds too little")]
    InsufficientFunds,
    /// A balance would leave 64 bits.
    #[error("a balance would be too large")]
    BalanceTooLarge,
    /// A wallet is frozen.
    #[error("one of the wallets is frozen")]
    AccountFrozen,
    /// A wallet is closed.
    #[error("one of the wallets is closed")]
    AccountClosed,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(field) => field.code(),
            Self::Missing { .. } => "resource_missing",
            Self::CustomerRequired => "customer_required",
            Self::RateMissing { .. } => "fx_rate_missing",
            Self::QuoteUsed => "fx_quote_used",
            Self::QuoteExpired => "fx_quote_expired",
            Self::QuoteNotLocked => "fx_quote_not_locked",
            Self::QuoteOfAnother => "fx_quote_of_another_customer",
            Self::CurrencyMismatch | Self::WrongCurrency => "currency_mismatch",
            Self::SameWallet => "same_wallet",
            Self::AmountTooSmall => "amount_too_small",
            Self::AmountTooLarge => "amount_too_large",
            Self::InsufficientFunds => "insufficient_funds",
            Self::BalanceTooLarge => "balance_too_large",
            Self::AccountFrozen => "account_frozen",
            Self::AccountClosed => "account_closed",
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param, .. } => Some(param),
            Self::CustomerRequired => Some("customer"),
            Self::RateMissing { .. } => Some("from_currencies"),
            Self::QuoteUsed
            | Self::QuoteExpired
            | Self::QuoteNotLocked
            | Self::QuoteOfAnother
            | Self::CurrencyMismatch => Some("quote"),
            Self::WrongCurrency => Some("currency"),
            Self::SameWallet => Some("destination"),
            Self::AmountTooSmall | Self::AmountTooLarge | Self::InsufficientFunds | Self::BalanceTooLarge => {
                Some("amount")
            }
            Self::AccountFrozen | Self::AccountClosed => None,
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(_)
            | Self::SameWallet
            | Self::CurrencyMismatch
            | Self::WrongCurrency
            | Self::CustomerRequired => RefusalClass::Invalid,
            Self::Missing { .. } => RefusalClass::Missing,
            Self::RateMissing { .. }
            | Self::QuoteUsed
            | Self::QuoteExpired
            | Self::QuoteNotLocked
            | Self::QuoteOfAnother
            | Self::AmountTooSmall
            | Self::AmountTooLarge
            | Self::InsufficientFunds
            | Self::BalanceTooLarge
            | Self::AccountFrozen
            | Self::AccountClosed => RefusalClass::Declined,
        }
    }
}
