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
            Self::LiveMode => "livemode_mismatch",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::BalanceTooLarge => "balance_too_large",
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
            Self::Missing { param, .. } => Some(param),
            Self::CustomerRequired => Some("customer"),
            Self::LiveMode => None,
            Self::CurrencyMismatch => Some("currency"),
            Self::BalanceTooLarge => Some("amount"),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(_) | Self::LiveMode | Self::CurrencyMismatch | Self::CustomerRequired => {
                RefusalClass::Invalid
            }
            Self::Missing { .. } => RefusalClass::Missing,
            Self::BalanceTooLarge => RefusalClass::Declined,
        }
    }
}
