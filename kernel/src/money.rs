//! Money: integers of minor units with an ISO 4217 currency. Floating point never meets it.

use std::{fmt, str::FromStr};

use iso_currency::Currency as IsoCurrency;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

/// An active ISO 4217 currency that has a minor unit, written in lower case on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(IsoCurrency);

/// The text is not such a currency.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not an ISO 4217 currency code in lower case, such as `eur`")]
pub struct CurrencyError;

impl Currency {
    /// The code in lower case, such as `eur`.
    pub fn code(self) -> String {
        self.0.code().to_ascii_lowercase()
    }

    /// Decimal digits of the minor unit: 2 for `eur`, 0 for `jpy`, 3 for `bhd`.
    pub fn exponent(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }

    /// ISO 4217 number, such as 978 for `eur`.
    pub fn number(self) -> u16 {
        self.0.numeric()
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower_case = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_lowercase());
        if !lower_case {
            return Err(CurrencyError);
        }
        // Precious metals, test codes and the like have no exponent and are no money here.
        IsoCurrency::from_code(&text.to_ascii_uppercase())
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or(CurrencyError)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A positive number of minor units, at most 2^53 − 1 so that every JSON client reads it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Amount(i64);

/// Why a number is not an amount.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AmountError {
    /// Zero or negative.
    #[error("must be at least 1 minor unit")]
    TooSmall,
    /// Above [`Amount::MAX_MINOR`].
    #[error("must be at most 9007199254740991 minor units")]
    TooLarge,
}

impl Amount {
    /// Largest amount, in minor units.
    pub const MAX_MINOR: i64 = 9_007_199_254_740_991;

    /// Checks the bounds.
    pub const fn try_new(minor: i64) -> Result<Self, AmountError> {
        match minor {
            ..=0 => Err(AmountError::TooSmall),
            1..=Self::MAX_MINOR => Ok(Self(minor)),
            _ => Err(AmountError::TooLarge),
        }
    }

    /// The number of minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A signed sum of minor units in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// The currency they are of.
    pub currency: Currency,
}

/// Why two sums cannot be combined.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum MoneyError {
    /// The currencies differ.
    #[error("currencies differ")]
    CurrencyMismatch,
    /// The result does not fit 64 bits.
    #[error("sum out of range")]
    Overflow,
}

impl Money {
    /// Zero of a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The checked sum.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// The checked difference.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_active_iso_codes_in_lower_case_with_a_minor_unit() {
        assert_eq!("eur".parse::<Currency>().unwrap().exponent(), 2);
        assert_eq!("jpy".parse::<Currency>().unwrap().exponent(), 0);
        assert_eq!("bhd".parse::<Currency>().unwrap().exponent(), 3);
        for bad in ["EUR", "eu", "euro", "zzz", "xau", "xxx", "\u{20ac}", ""] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
    }

    #[test]
    fn amounts_are_positive_and_exact_in_json() {
        assert_eq!(Amount::try_new(0), Err(AmountError::TooSmall));
        assert_eq!(Amount::try_new(-1), Err(AmountError::TooSmall));
        assert_eq!(Amount::try_new(1).unwrap().minor(), 1);
        assert_eq!(Amount::try_new(Amount::MAX_MINOR + 1), Err(AmountError::TooLarge));
    }

    #[test]
    fn sums_check_currency_and_range() {
        let eur = |minor| Money { minor, currency: "eur".parse().unwrap() };
        let usd = Money { minor: 1, currency: "usd".parse().unwrap() };
        assert_eq!(eur(2).checked_add(eur(3)), Ok(eur(5)));
        assert_eq!(eur(2).checked_add(usd), Err(MoneyError::CurrencyMismatch));
        assert_eq!(eur(i64::MAX).checked_add(eur(1)), Err(MoneyError::Overflow));
        assert_eq!(eur(i64::MIN).checked_sub(eur(1)), Err(MoneyError::Overflow));
    }
}
