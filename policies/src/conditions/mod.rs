//! Conditions of a rule: the closed form a tenant fills in, checked on the way in. Never an
//! expression: [`expression`] writes that, from checked constants only.

mod expression;
mod hours;
mod parse;

use kernel::{Amount, Currency};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

pub(crate) use self::expression::{amount_text, expression};
pub use self::{
    hours::{Hours, HoursError},
    parse::{CODES_MAX, ConditionError},
};
use crate::{
    attribute::{Attribute, Attributes},
    country::Country,
};

/// Under which circumstances a rule permits; all that are given must hold. None given: always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Conditions {
    /// At most so many minor units, of whatever currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount_max: Option<Amount>,
    /// In one of these currencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Vec<Currency>>,
    /// Only the actor's own objects.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) own: bool,
    /// Within these hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hours: Option<Hours>,
    /// From one of these countries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<Vec<Country>>,
    /// Only with a second factor.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) mfa: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Conditions {
    /// No conditions: the rule always permits.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether the rule always permits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the rule reaches only the actor's own objects.
    pub const fn is_own(&self) -> bool {
        self.own
    }

    /// The facts the conditions ask about.
    pub fn attributes(&self) -> Vec<Attribute> {
        [
            (self.amount_max.is_some(), Attribute::Amount),
            (self.currency.is_some(), Attribute::Currency),
            (self.own, Attribute::Own),
            (self.hours.is_some(), Attribute::Hour),
            (self.country.is_some(), Attribute::Country),
            (self.mfa, Attribute::Mfa),
        ]
        .into_iter()
        .filter_map(|(asked, attribute)| asked.then_some(attribute))
        .collect()
    }

    /// Whether everything `narrower` permits is permitted under these conditions too.
    pub fn covers(&self, narrower: &Self) -> bool {
        covers_list(self.currency.as_deref(), narrower.currency.as_deref())
            && covers_list(self.country.as_deref(), narrower.country.as_deref())
            && (!self.own || narrower.own)
            && (!self.mfa || narrower.mfa)
            && self.amount_max.is_none_or(|max| narrower.amount_max.is_some_and(|other| other <= max))
            && self.hours.is_none_or(|hours| narrower.hours.is_some_and(|other| hours.covers(other)))
    }

    /// The first condition that does not hold, in words. It explains; the decision is Casbin's.
    pub(crate) fn unmet(&self, facts: &Attributes) -> Option<String> {
        self.unmet_amount(facts)
            .or_else(|| unmet_list("currency", self.currency.as_deref(), facts.currency))
            .or_else(|| {
                (self.own && facts.own != Some(true)).then(|| "the object is not known to be the actor's own".into())
            })
            .or_else(|| self.unmet_hour(facts))
            .or_else(|| unmet_list("country", self.country.as_deref(), facts.country))
            .or_else(|| (self.mfa && facts.mfa != Some(true)).then(|| "no second factor was used".into()))
    }

    fn unmet_amount(&self, facts: &Attributes) -> Option<String> {
        let max = self.amount_max?;
        match facts.amount {
            None => Some("the amount is not known here".into()),
            Some(amount) if amount > max => Some(format!("the amount is above {}", max.minor())),
            Some(_) => None,
        }
    }

    fn unmet_hour(&self, facts: &Attributes) -> Option<String> {
        let hours = self.hours?;
        match facts.hour {
            None => Some("the hour is not known here".into()),
            Some(hour) if !hours.contains(hour) => Some(format!("the hour is outside {hours} UTC")),
            Some(_) => None,
        }
    }
}

fn covers_list<T: PartialEq>(wider: Option<&[T]>, narrower: Option<&[T]>) -> bool {
    wider.is_none_or(|wide| narrower.is_some_and(|narrow| narrow.iter().all(|item| wide.contains(item))))
}

fn unmet_list<T: PartialEq + ToString>(what: &str, allowed: Option<&[T]>, fact: Option<T>) -> Option<String> {
    let allowed = allowed?;
    match fact {
        None => Some(format!("the {what} is not known here")),
        Some(fact) if !allowed.contains(&fact) => {
            let list = allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Some(format!("the {what} is none of {list}"))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(text: &str) -> Conditions {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_form_survives_the_trip_through_json() {
        let text = r#"{"amount_max":50000,"currency":["eur"],"own":true,"hours":{"from":8,"to":18},"country":["de"],"mfa":true}"#;
        assert_eq!(serde_json::to_string(&conditions(text)).unwrap(), text);
        assert_eq!(serde_json::to_string(&conditions("{}")).unwrap(), "{}");
        assert!(conditions("{}").is_empty());
    }

    #[test]
    fn wider_conditions_cover_narrower_ones_and_not_the_reverse() {
        let pairs = [
            ("{}", r#"{"own":true}"#),
            (r#"{"amount_max":100}"#, r#"{"amount_max":99}"#),
            (r#"{"currency":["eur","usd"]}"#, r#"{"currency":["usd"]}"#),
            (r#"{"hours":{"from":8,"to":18}}"#, r#"{"hours":{"from":9,"to":18}}"#),
            (r#"{"hours":{"from":20,"to":6}}"#, r#"{"hours":{"from":22,"to":5},"mfa":true}"#),
            (r#"{"country":["de","fr"]}"#, r#"{"country":["fr"]}"#),
            ("{}", r#"{"mfa":true}"#),
        ];
        for (wide, narrow) in pairs {
            assert!(conditions(wide).covers(&conditions(narrow)), "{wide} covers {narrow}");
            assert!(!conditions(narrow).covers(&conditions(wide)), "{narrow} does not cover {wide}");
            assert!(conditions(wide).covers(&conditions(wide)));
        }
        assert!(!conditions(r#"{"amount_max":100}"#).covers(&conditions(r#"{"currency":["eur"]}"#)));
    }
}
