//! From an amount of one currency to minor units of another, exactly, and then how it is rounded.
//!
//! What a customer gets is cut off: rounding to the nearest would let three units become two and two become four.
//! What the merchant's books compare it with is rounded half to even, so that rounding earns and costs nothing in
//! the long run.

use kernel::{Amount, Currency};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};

use super::ExchangeRate;

/// Minor units before they are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact(Decimal);

impl Exact {
    /// `amount` of `from` at so many units of `to` for one of `from`. `None` where that is beyond any balance.
    pub(super) fn converted(amount: Amount, from: Currency, to: Currency, rate: ExchangeRate) -> Option<Self> {
        let rate = rate.decimal();
        // An amount has 16 digits and a rate 12: their product is exact in 96 bits.
        let mantissa = rate.mantissa().checked_mul(i128::from(amount.minor()))?;
        let scale = i64::from(rate.scale()) + i64::from(from.exponent()) - i64::from(to.exponent());
        let value = if let Ok(scale) = u32::try_from(scale) {
            Decimal::try_from_i128_with_scale(mantissa, scale)
        } else {
            let factor = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
            Decimal::try_from_i128_with_scale(mantissa.checked_mul(factor)?, 0)
        };
        value.ok().map(Self)
    }

    /// Without what is behind the point.
    pub(super) fn cut(self) -> Option<i64> {
        self.0.trunc().to_i64()
    }

    /// To the nearest, and from the middle to the even neighbour.
    pub(super) fn half_even(self) -> Option<i64> {
        self.0.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven).to_i64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cut off, and half to even.
    fn both(amount: i64, from: &str, to: &str, rate: &str) -> Option<(i64, i64)> {
        let amount = Amount::try_new(amount).unwrap();
        let exact = Exact::converted(amount, from.parse().unwrap(), to.parse().unwrap(), rate.parse().unwrap())?;
        Some((exact.cut()?, exact.half_even()?))
    }

    #[test]
    fn one_line_per_currency_pair_and_half() {
        let cases = [
            // Two digits to two.
            (10_000, "eur", "usd", "1.0812", Some((10_812, 10_812))),
            (1, "eur", "usd", "1.0812", Some((1, 1))),
            (1, "eur", "usd", "0.5", Some((0, 0))),
            (3, "eur", "usd", "0.5", Some((1, 2))),
            (5, "eur", "usd", "0.5", Some((2, 2))),
            (7, "eur", "usd", "0.5", Some((3, 4))),
            (1, "eur", "usd", "0.500000000001", Some((0, 1))),
            // The yen has no minor unit, the dinar of Bahrain a thousandth.
            (10_000, "eur", "jpy", "163.25", Some((16_325, 16_325))),
            (1, "eur", "jpy", "163.25", Some((1, 2))),
            (1, "jpy", "eur", "0.006125574271", Some((0, 1))),
            (16_325, "jpy", "eur", "0.006125574271", Some((9_999, 10_000))),
            (100, "eur", "bhd", "0.4074", Some((407, 407))),
            (1_000, "bhd", "eur", "2.45459008345", Some((245, 245))),
            (1, "jpy", "bhd", "0.002495", Some((2, 2))),
            (1_000, "bhd", "jpy", "400.8016", Some((400, 401))),
            // The whole range, exactly.
            (Amount::MAX_MINOR, "eur", "usd", "1", Some((Amount::MAX_MINOR, Amount::MAX_MINOR))),
            (Amount::MAX_MINOR, "eur", "usd", "0.999999999999", Some((9_007_199_254_731_983, 9_007_199_254_731_984))),
            (Amount::MAX_MINOR, "jpy", "bhd", "999999999999", None),
            (Amount::MAX_MINOR, "eur", "usd", "999999999999", None),
            (1, "bhd", "jpy", "0.000000000001", Some((0, 0))),
        ];
        for (amount, from, to, rate, expected) in cases {
            assert_eq!(both(amount, from, to, rate), expected, "{amount} {from} -> {to} at {rate}");
        }
    }
}
