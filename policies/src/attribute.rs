//! The closed set of facts a condition may ask about. What nobody supplied meets no condition.

use kernel::{Amount, Currency};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::country::Country;

/// The name of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Minor units being moved.
    Amount,
    /// Currency of the movement or wallet.
    Currency,
    /// Whether the object belongs to the actor himself.
    Own,
    /// Hour of the request in UTC, 0 to 23.
    Hour,
    /// Country of the caller, where the deployment knows it.
    Country,
    /// Whether the caller signed in with a second factor.
    Mfa,
}

impl Attribute {
    /// The field of the form whose condition asks about it.
    pub const fn condition(self) -> &'static str {
        match self {
            Self::Amount => "amount_max",
            Self::Currency => "currency",
            Self::Own => "own",
            Self::Hour => "hours",
            Self::Country => "country",
            Self::Mfa => "mfa",
        }
    }
}

/// An hour of the day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8")]
pub struct Hour(u8);

impl Hour {
    /// The number, 0 to 23.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Hour {
    type Error = HourError;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        if value < 24 { Ok(Self(value)) } else { Err(HourError) }
    }
}

/// The number is no hour of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an hour is a number from 0 to 23")]
pub struct HourError;

/// The facts of one request. Its JSON form is what `explain` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attributes {
    pub(crate) amount: Option<Amount>,
    pub(crate) currency: Option<Currency>,
    pub(crate) own: Option<bool>,
    pub(crate) hour: Option<Hour>,
    pub(crate) country: Option<Country>,
    pub(crate) mfa: Option<bool>,
}

impl Attributes {
    /// Nothing is known.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// The hour is known from the request's time.
    pub fn at(now: OffsetDateTime) -> Self {
        let hour = now.to_offset(time::UtcOffset::UTC).hour();
        Self { hour: Hour::try_from(hour).ok(), ..Self::default() }
    }

    /// So many minor units are to be moved.
    #[must_use]
    pub fn with_amount(self, amount: Amount) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// In this currency.
    #[must_use]
    pub fn with_currency(self, currency: Currency) -> Self {
        Self { currency: Some(currency), ..self }
    }

    /// Whose object it is, where that is known before the check. Without it the check finds out
    /// how far the role reaches and the permit says so.
    #[must_use]
    pub fn with_own(self, own: bool) -> Self {
        Self { own: Some(own), ..self }
    }

    /// At this hour.
    #[must_use]
    pub fn with_hour(self, hour: Hour) -> Self {
        Self { hour: Some(hour), ..self }
    }

    /// From this country.
    #[must_use]
    pub fn with_country(self, country: Country) -> Self {
        Self { country: Some(country), ..self }
    }

    /// With a second factor or without.
    #[must_use]
    pub fn with_mfa(self, mfa: bool) -> Self {
        Self { mfa: Some(mfa), ..self }
    }

    /// Only what an action declares: a fact it does not supply cannot meet a condition by accident.
    pub(crate) fn only(&self, declared: &[Attribute]) -> Self {
        let has = |attribute| declared.contains(&attribute);
        Self {
            amount: self.amount.filter(|_| has(Attribute::Amount)),
            currency: self.currency.filter(|_| has(Attribute::Currency)),
            own: self.own.filter(|_| has(Attribute::Own)),
            hour: self.hour.filter(|_| has(Attribute::Hour)),
            country: self.country.filter(|_| has(Attribute::Country)),
            mfa: self.mfa.filter(|_| has(Attribute::Mfa)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_is_counted_in_utc() {
        let noon = time::macros::datetime!(2026-01-05 01:30 +02:00);
        assert_eq!(Attributes::at(noon).hour.map(Hour::get), Some(23));
    }

    #[test]
    fn the_form_is_closed() {
        assert!(serde_json::from_str::<Attributes>(r#"{"amount":1,"hour":23,"mfa":true}"#).is_ok());
        for bad in [r#"{"hour":24}"#, r#"{"amount":0}"#, r#"{"colour":"red"}"#, r#"{"country":"DE"}"#] {
            assert!(serde_json::from_str::<Attributes>(bad).is_err(), "{bad}");
        }
    }
}
