//! Which published rate counts for a pair of currencies, on rates in hand: no I/O.
//!
//! A pair is answered by a rate published for it, in either direction, or through the euro. The newest effective
//! date wins, a rate of the pair itself before one through the euro, a later correction before what it corrects.
//! Both directions rest on the same publications, so that no trip there and back gains.

use std::cmp::Reverse;

use kernel::Currency;
use time::{Date, OffsetDateTime};

use super::ExchangeRate;

/// The currency that rates are crossed through, as its code.
const HUB: &str = "eur";

/// The newest that one base publishes about one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) base: Currency,
    pub(super) currency: Currency,
    /// Units of the currency for one of the base.
    pub(super) rate: ExchangeRate,
    pub(super) effective_on: Date,
    pub(super) source: String,
    pub(super) created_at: OffsetDateTime,
}

/// A rate without any spread, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MidRate {
    /// Units of the wanted currency for one of the given.
    pub(super) rate: ExchangeRate,
    pub(super) source: String,
    /// The older date where it rests on two.
    pub(super) effective_on: Date,
}

/// The base and currency of every publication that can matter to these pairs.
pub(super) fn wanted(from: &[Currency], to: Currency) -> Vec<(String, String)> {
    let mut wanted = Vec::new();
    let mut both_ways = |one: &str, other: &str| {
        if one != other {
            wanted.push((one.to_owned(), other.to_owned()));
            wanted.push((other.to_owned(), one.to_owned()));
        }
    };
    let to = to.code();
    both_ways(HUB, &to);
    for from in from.iter().map(|from| from.code()) {
        both_ways(&from, &to);
        both_ways(HUB, &from);
    }
    wanted.sort();
    wanted.dedup();
    wanted
}

/// The rate from one currency to another.
pub(super) fn mid_rate(published: &[Published], from: Currency, to: Currency) -> Option<MidRate> {
    let direct = newest(published, from, to);
    let crossed = if from.code() == HUB || to.code() == HUB {
        None
    } else {
        let hub: Currency = HUB.parse().ok()?;
        newest(published, hub, from).zip(newest(published, hub, to))
    };
    let crossed_on = crossed.map(|(from_leg, to_leg)| from_leg.effective_on.min(to_leg.effective_on));
    match (direct, crossed) {
        (Some(direct), _) if crossed_on.is_none_or(|crossed_on| direct.effective_on >= crossed_on) => {
            let [numerator, denominator] = direct.units(from)?;
            Some(MidRate {
                rate: over([numerator, ExchangeRate::ONE], [denominator, ExchangeRate::ONE])?,
                source: direct.source.clone(),
                effective_on: direct.effective_on,
            })
        }
        (_, Some((from_leg, to_leg))) => {
            let hub: Currency = HUB.parse().ok()?;
            let [of_from, per_hub_from] = from_leg.units(hub)?;
            let [of_to, per_hub_to] = to_leg.units(hub)?;
            Some(MidRate {
                rate: over([of_to, per_hub_from], [per_hub_to, of_from])?,
                source: sources(&from_leg.source, &to_leg.source),
                effective_on: from_leg.effective_on.min(to_leg.effective_on),
            })
        }
        (_, None) => None,
    }
}

fn over(numerators: [ExchangeRate; 2], denominators: [ExchangeRate; 2]) -> Option<ExchangeRate> {
    ExchangeRate::ratio(numerators, denominators)
}

fn sources(one: &str, other: &str) -> String {
    if one == other { one.to_owned() } else { format!("{one}, {other}") }
}

/// The newest publication about a pair, whichever of the two is its base.
fn newest(published: &[Published], one: Currency, other: Currency) -> Option<&Published> {
    published
        .iter()
        .filter(|rate| [(one, other), (other, one)].contains(&(rate.base, rate.currency)))
        .min_by_key(|rate| Reverse((rate.effective_on, rate.created_at, rate.base.code())))
}

impl Published {
    /// So many units of the other currency (first) for so many of `given` (second).
    fn units(&self, given: Currency) -> Option<[ExchangeRate; 2]> {
        if self.base == given {
            Some([self.rate, ExchangeRate::ONE])
        } else if self.currency == given {
            Some([ExchangeRate::ONE, self.rate])
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;

    use super::*;
    use crate::fx::exchange_rate::tests::any_rate;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    /// Published so many days after the epoch, and so many seconds later.
    fn published(base: &str, other: &str, rate: &str, day: i64, second: i64) -> Published {
        let epoch = OffsetDateTime::UNIX_EPOCH;
        Published {
            base: currency(base),
            currency: currency(other),
            rate: rate.parse().unwrap(),
            effective_on: (epoch + Duration::days(day)).date(),
            source: format!("{base}-source"),
            created_at: epoch + Duration::seconds(second),
        }
    }

    fn mid(rates: &[Published], from: &str, to: &str) -> Option<String> {
        mid_rate(rates, currency(from), currency(to)).map(|mid| format!("{} {}", mid.rate, mid.source))
    }

    #[test]
    fn one_line_per_way_to_a_rate() {
        let dollar = published("eur", "usd", "1.25", 10, 0);
        let yen = published("eur", "jpy", "160", 10, 0);
        let ecb = [dollar.clone(), yen.clone()];
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(mid(&ecb, "eur", "usd"), some("1.25 eur-source"));
        assert_eq!(mid(&ecb, "usd", "eur"), some("0.8 eur-source"));
        assert_eq!(mid(&ecb, "usd", "jpy"), some("128 eur-source"));
        assert_eq!(mid(&ecb, "jpy", "usd"), some("0.0078125 eur-source"));
        assert_eq!(mid(&ecb, "usd", "gbp"), None);
        assert_eq!(mid(&ecb, "gbp", "usd"), None);
        assert_eq!(mid(&[], "eur", "usd"), None);
        // Another base says what a euro costs.
        let euro = published("usd", "eur", "0.5", 11, 0);
        let newer = [dollar.clone(), yen.clone(), euro];
        assert_eq!(mid(&newer, "eur", "usd"), some("2 usd-source"));
        assert_eq!(mid(&newer, "usd", "jpy"), some("80 usd-source, eur-source"));
        assert_eq!(mid(&newer, "jpy", "usd"), some("0.0125 eur-source, usd-source"));
        // A rate of the pair itself counts unless the way through the euro is newer.
        for (day, expected) in [(9, "128 eur-source"), (10, "100 usd-source"), (11, "100 usd-source")] {
            let rates = [dollar.clone(), yen.clone(), published("usd", "jpy", "100", day, 0)];
            assert_eq!(mid(&rates, "usd", "jpy"), some(expected), "{day}");
        }
        // A correction of the same day counts.
        let corrected = [dollar.clone(), published("eur", "usd", "1.5", 10, 1)];
        assert_eq!(mid(&corrected, "eur", "usd"), some("1.5 eur-source"));
        let dates =
            mid_rate(&[dollar, published("eur", "jpy", "160", 8, 0)], currency("usd"), currency("jpy")).unwrap();
        assert_eq!(dates.effective_on, (OffsetDateTime::UNIX_EPOCH + Duration::days(8)).date());
    }

    #[test]
    fn what_is_wanted_covers_pair_and_hub_both_ways() {
        let pairs = |from: &[&str], to| {
            let from: Vec<Currency> = from.iter().map(|code| currency(code)).collect();
            wanted(&from, currency(to)).into_iter().map(|(base, other)| format!("{base}/{other}")).collect::<Vec<_>>()
        };
        assert_eq!(pairs(&["eur"], "usd"), ["eur/usd", "usd/eur"]);
        assert_eq!(pairs(&["usd"], "eur"), ["eur/usd", "usd/eur"]);
        assert_eq!(pairs(&["usd"], "jpy"), ["eur/jpy", "eur/usd", "jpy/eur", "jpy/usd", "usd/eur", "usd/jpy"]);
    }

    proptest! {
        #[test]
        fn there_and_back_at_the_same_publications_is_at_most_one(
            dollar in any_rate(), yen in any_rate(), pound in any_rate(), inverted in any::<[bool; 3]>(),
        ) {
            let epoch = OffsetDateTime::UNIX_EPOCH;
            let rates: Vec<Published> = [("usd", dollar), ("jpy", yen), ("gbp", pound)]
                .into_iter()
                .zip(inverted)
                .map(|((code, rate), inverted)| {
                    let (base, other) = if inverted { (code, "eur") } else { ("eur", code) };
                    Published {
                        base: currency(base), currency: currency(other), rate,
                        effective_on: epoch.date(), source: String::new(), created_at: epoch,
                    }
                })
                .collect();
            let rate = |from, to| mid_rate(&rates, currency(from), currency(to)).map(|mid| mid.rate.decimal());
            for trip in [vec!["eur", "usd", "eur"], vec!["usd", "jpy", "usd"], vec!["usd", "jpy", "gbp", "usd"]] {
                let legs: Option<Vec<_>> = trip.windows(2).map(|pair| rate(pair[0], pair[1])).collect();
                let Some(legs) = legs else { continue };
                let mantissa: i128 = 1_000_000_000_000;
                // Each leg is cut as an amount would be, from an amount with twelve digits to spare.
                let mut held = mantissa;
                for leg in &legs {
                    let Some(product) = held.checked_mul(leg.mantissa()) else { held = 0; break };
                    held = 10_i128.checked_pow(leg.scale()).map_or(0, |one| product / one);
                }
                prop_assert!(held <= mantissa, "{trip:?}: {legs:?}");
            }
        }
    }
}
