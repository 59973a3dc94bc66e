//! What a quote says of one currency, and how its row keeps it: decimal text, never a binary fraction.

use std::collections::BTreeMap;

use serde::Deserialize;
use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

use crate::fx::{ExchangeRate, market::MidRate};

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// What a quote says of one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the customer gets for one unit.
    pub exchange_rate: ExchangeRate,
    /// The same before the merchant's spread.
    pub base_rate: ExchangeRate,
    /// Who published the rate.
    pub source: String,
    /// For which day; the older where two publications were crossed.
    pub effective_on: Date,
}

/// Terms as the row keeps them.
#[derive(Deserialize)]
struct Kept {
    exchange_rate: String,
    base_rate: String,
    source: String,
    effective_on: String,
}

impl Terms {
    /// A published rate less the spread. `None` where nothing is left of it.
    pub(super) fn of(mid: MidRate, spread_basis_points: u16) -> Option<Self> {
        Some(Self {
            exchange_rate: mid.rate.less(spread_basis_points)?,
            base_rate: mid.rate,
            source: mid.source,
            effective_on: mid.effective_on,
        })
    }
}

/// The column's form.
pub(super) fn to_json(rates: &BTreeMap<String, Terms>) -> serde_json::Value {
    let kept = |terms: &Terms| {
        serde_json::json!({
            "exchange_rate": terms.exchange_rate.to_string(),
            "base_rate": terms.base_rate.to_string(),
            "source": terms.source,
            "effective_on": terms.effective_on.to_string(),
        })
    };
    rates.iter().map(|(code, terms)| (code.clone(), kept(terms))).collect::<serde_json::Map<_, _>>().into()
}

/// What the column holds; `None` where it is damaged.
pub(super) fn from_json(column: serde_json::Value) -> Option<BTreeMap<String, Terms>> {
    let kept: BTreeMap<String, Kept> = serde_json::from_value(column).ok()?;
    kept.into_iter()
        .map(|(code, kept)| {
            let terms = Terms {
                exchange_rate: kept.exchange_rate.parse().ok()?,
                base_rate: kept.base_rate.parse().ok()?,
                source: kept.source,
                effective_on: Date::parse(&kept.effective_on, DATE).ok()?,
            };
            Some((code, terms))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn terms_survive_the_trip_through_their_row() {
        let mid =
            MidRate { rate: "1.0812".parse().unwrap(), source: "ecb".to_owned(), effective_on: date!(2026 - 01 - 02) };
        let terms = Terms::of(mid, 100).unwrap();
        assert_eq!(terms.exchange_rate.to_string(), "1.070388");
        let rates = BTreeMap::from([("eur".to_owned(), terms)]);
        let json = to_json(&rates);
        assert_eq!(json["eur"]["exchange_rate"], "1.070388");
        assert_eq!(from_json(json), Some(rates));
        assert_eq!(from_json(serde_json::json!({"eur": {"exchange_rate": 1.07}})), None);
    }
}
