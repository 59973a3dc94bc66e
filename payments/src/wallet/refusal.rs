//! Why a wallet is refused.

use thiserror::Error;

use crate::{RefusalClass, field::InvalidField};

/// Why a wallet is refused.
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
    /// The actor may only open his own wallets and is no customer yet.
    #[error("there is no customer for this person yet; create it first")]
    CustomerRequired,
    /// Only the merchant himself keeps clearing wallets.
    #[error("only the merchant opens clearing wallets")]
    ClearingDenied,
    /// Only the merchant himself gives credit.
    #[error("only the merchant grants overdrafts")]
    OverdraftDenied,
    /// A clearing wallet is the merchant's.
    #[error("a clearing wallet belongs to no customer")]
    ClearingHasNoCustomer,
    /// A clearing wallet goes as low as it must.
    #[error("a clearing wallet has no limit")]
    ClearingHasNoLimit,
    /// There is money in it.
    #[error("a wallet is closed when it is empty and nothing in it is held")]
    NotEmpty,
    /// It takes and gives nothing.
    #[error("the wallet is frozen")]
    Frozen,
    /// It takes and gives nothing any more.
    #[error("the wallet is closed")]
    Closed,
    /// Money out of nothing exists in test mode only.
    #[error("wallets can be funded in test mode only")]
    LiveMode,
    /// The wallet is in another currency.
    #[error("the wallet is in another currency")]
    CurrencyMismatch,
    /// The balance would leave 64 bits.
    #[error("the wallet's balance would be too large")]
    BalanceTooLarge,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(field) => field.code(),
            Self::Missing { .. } => "resource_missing",
            Self::CustomerRequired => "customer_required",
            Self::ClearingDenied | Self::OverdraftDenied | Self::ClearingHasNoCustomer | Self::ClearingHasNoLimit => {
                "parameter_invalid"
            }
            Self::NotEmpty => "wallet_not_empty",
            Self::Frozen => "wallet_frozen",
            Self::Closed => "wallet_closed",
            Self::LiveMode => "livemode_mismatch",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::BalanceTooLarge => "balance_too_large",
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param, .. } => Some(param),
            Self::CustomerRequired | Self::ClearingHasNoCustomer => Some("customer"),
            Self::ClearingDenied => Some("type"),
            Self::OverdraftDenied | Self::ClearingHasNoLimit => Some("overdraft_limit"),
            Self::LiveMode | Self::NotEmpty | Self::Frozen | Self::Closed => None,
            Self::CurrencyMismatch => Some("currency"),
            Self::BalanceTooLarge => Some("amount"),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(_)
            | Self::LiveMode
            | Self::CurrencyMismatch
            | Self::CustomerRequired
            | Self::ClearingDenied
            | Self::OverdraftDenied
            | Self::ClearingHasNoCustomer
            | Self::ClearingHasNoLimit => RefusalClass::Invalid,
            Self::NotEmpty | Self::Frozen | Self::Closed => RefusalClass::Conflict,
            Self::Missing { .. } => RefusalClass::Missing,
            Self::BalanceTooLarge => RefusalClass::Declined,
        }
    }
}
