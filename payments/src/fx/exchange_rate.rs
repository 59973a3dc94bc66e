//! An exchange rate: a positive decimal that is never rounded up.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use thiserror::Error;

/// Most significant digits of a rate. An amount times a rate then fits a [`Decimal`] exactly, and JSON readers that
/// know only binary floating point (15 digits) read it back to the same text.
const DIGITS_MAX: u32 = 12;
/// A rate is at least ten to minus this, and less than ten to this.
const EXPONENT_MAX: u32 = 12;
/// Hundredths of a percent in one.
const BASIS_POINTS: i128 = 10_000;
/// Decimal digits of the numerator that a ratio is taken of: what 128 bits hold for sure.
const NUMERATOR_DIGITS: u32 = 38;

/// So many units of one currency for one unit of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeRate(Decimal);

/// The text is no rate.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a positive decimal number of at most {DIGITS_MAX} significant digits, such as \"1.0812\"")]
pub struct ExchangeRateError;

impl ExchangeRate {
    /// One for one.
    pub const ONE: Self = Self(Decimal::ONE);

    /// The number.
    pub const fn decimal(self) -> Decimal {
        self.0
    }

    /// The product of `numerators` over the product of `denominators`, at most two each, cut off after
    /// [`DIGITS_MAX`] digits: never more than the true ratio. `None` where that leaves the range of rates.
    pub(crate) fn ratio(numerators: [Self; 2], denominators: [Self; 2]) -> Option<Self> {
        let (numerator, numerator_scale) = product(numerators)?;
        let (denominator, denominator_scale) = product(denominators)?;
        let shift = NUMERATOR_DIGITS.checked_sub(digits(numerator))?;
        let quotient = numerator.checked_mul(10_i128.checked_pow(shift)?)?.checked_div(denominator)?;
        let scale = i64::from(numerator_scale) + i64::from(shift) - i64::from(denominator_scale);
        Self::cut(quotient, scale)
    }

    /// The rate a customer gets when the merchant keeps so many hundredths of a percent of the money.
    pub(crate) fn less(self, basis_points: u16) -> Option<Self> {
        let kept = BASIS_POINTS.checked_sub(i128::from(basis_points)).filter(|kept| *kept > 0)?;
        let mantissa = self.0.mantissa().checked_mul(kept)?;
        Self::cut(mantissa, i64::from(self.0.scale()) + 4)
    }

    /// `mantissa × 10^-scale`, cut off after [`DIGITS_MAX`] digits.
    fn cut(mantissa: i128, scale: i64) -> Option<Self> {
        let surplus = digits(mantissa).saturating_sub(DIGITS_MAX);
        let mantissa = mantissa.checked_div(10_i128.checked_pow(surplus)?)?;
        let scale = scale - i64::from(surplus);
        let (mantissa, scale) = match u32::try_from(scale) {
            Ok(scale) => (mantissa, scale),
            Err(_) => (mantissa.checked_mul(10_i128.checked_pow(u32::try_from(-scale).ok()?)?)?, 0),
        };
        Self::within_range(Decimal::try_from_i128_with_scale(mantissa, scale).ok()?.normalize())
    }

    fn within_range(value: Decimal) -> Option<Self> {
        let smallest = Decimal::new(1, EXPONENT_MAX);
        let end = Decimal::try_from_i128_with_scale(10_i128.checked_pow(EXPONENT_MAX)?, 0).ok()?;
        (smallest..end).contains(&value).then_some(Self(value))
    }
}

/// Mantissa and scale of a product, exactly.
fn product(rates: [ExchangeRate; 2]) -> Option<(i128, u32)> {
    let [first, second] = rates.map(ExchangeRate::decimal);
    Some((first.mantissa().checked_mul(second.mantissa())?, first.scale().checked_add(second.scale())?))
}

/// Decimal digits of a number.
fn digits(value: i128) -> u32 {
    value.unsigned_abs().checked_ilog10().map_or(1, |logarithm| logarithm + 1)
}

impl FromStr for ExchangeRate {
    type Err = ExchangeRateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let plain = [whole, fraction]
            .iter()
            .all(|part| (1..=30).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
        if !plain {
            return Err(ExchangeRateError);
        }
        let value = Decimal::from_str_exact(text).map_err(|_| ExchangeRateError)?.normalize();
        if digits(value.mantissa()) > DIGITS_MAX {
            return Err(ExchangeRateError);
        }
        Self::within_range(value).ok_or(ExchangeRateError)
    }
}

impl fmt::Display for ExchangeRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl<'de> Deserialize<'de> for ExchangeRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(in crate::fx) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> ExchangeRate {
        text.parse().unwrap()
    }

    #[test]
    fn rates_are_plain_positive_decimals_of_bounded_length() {
        for (good, shown) in
            [("1.0812", "1.0812"), ("163.20", "163.2"), ("1", "1"), ("0.000001", "0.000001"), ("007.5", "7.5")]
        {
            assert_eq!(rate(good).to_string(), shown);
        }
        for bad in [
            "",
            " 1",
            "1 ",
            "+1",
            "-1",
            "0",
            "0.0",
            "1.",
            ".5",
            "1,5",
            "1e3",
            "NaN",
            "inf",
            "1.2.3",
            "1_000",
            "1.0812345678901",
            "1000000000000",
            "0.0000000000001",
            "\u{661}",
            "99999999999999999999999999999999999999",
        ] {
            assert_eq!(bad.parse::<ExchangeRate>(), Err(ExchangeRateError), "{bad}");
        }
    }

    #[test]
    fn ratios_and_spreads_are_cut_off_and_never_rounded_up() {
        let one = ExchangeRate::ONE;
        let over = |a, b| ExchangeRate::ratio([rate(a), one], [rate(b), one]).unwrap().to_string();
        assert_eq!(over("1", "3"), "0.333333333333");
        assert_eq!(over("2", "3"), "0.666666666666");
        assert_eq!(over("163.2", "1.0812"), "150.943396226");
        assert_eq!(over("1", "999999999999"), "0.000000000001");
        assert_eq!(rate("1.0812").less(0).unwrap(), rate("1.0812"));
        assert_eq!(rate("1.0812").less(100).unwrap(), rate("1.070388"));
        assert_eq!(rate("0.333333333333").less(1).unwrap(), rate("0.333299999999"));
        assert_eq!(rate("1").less(10_000), None);
        let (small, large) = (rate("0.000000000001"), rate("999999999999"));
        assert_eq!(ExchangeRate::ratio([small, one], [large, one]), None, "out of range");
        assert_eq!(small.less(100), None, "below the smallest");
    }

    /// Any rate with up to twelve digits.
    pub(in crate::fx) fn any_rate() -> impl Strategy<Value = ExchangeRate> {
        (1_i128..1_000_000_000_000, 0_u32..=12).prop_map(|(mantissa, scale)| {
            ExchangeRate(Decimal::try_from_i128_with_scale(mantissa, scale).unwrap().normalize())
        })
    }

    proptest! {
        #[test]
        fn a_ratio_and_its_reverse_never_make_more_than_one(a in any_rate(), b in any_rate(), c in any_rate()) {
            let there = ExchangeRate::ratio([a, b], [c, ExchangeRate::ONE]);
            let back = ExchangeRate::ratio([c, ExchangeRate::ONE], [a, b]);
            if let (Some(there), Some(back)) = (there, back) {
                let mantissas = there.0.mantissa() * back.0.mantissa();
                let one = 10_i128.checked_pow(there.0.scale() + back.0.scale());
                prop_assert!(one.is_none_or(|one| mantissas <= one), "{there} x {back}");
            }
        }

        #[test]
        fn a_rate_survives_the_trip_through_binary_floating_point(rate in any_rate()) {
            let float: f64 = rate.to_string().parse().unwrap();
            let back: ExchangeRate = format!("{float}").parse().unwrap();
            prop_assert_eq!(back, rate);
        }
    }
}
