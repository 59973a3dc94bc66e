//! Fields of an update: left alone, unset, or set.

use serde::{Deserialize, Deserializer};

/// What an update does to a field. Give the field `#[serde(default)]`: absent is then [`Change::Absent`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Not mentioned: stays as it is.
    #[default]
    Absent,
    /// `null`: becomes empty.
    Null,
    /// Becomes this.
    Value(T),
}

impl<T> Change<T> {
    /// `Some` where something changes: the new value or nothing.
    pub fn into_option(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// The same change of a converted value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Absent => Change::Absent,
            Self::Null => Change::Null,
            Self::Value(value) => Change::Value(convert(value)),
        }
    }

    /// The same change of a checked value.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Change<U>, E> {
        Ok(match self {
            Self::Absent => Change::Absent,
            Self::Null => Change::Null,
            Self::Value(value) => Change::Value(convert(value)?),
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        name: Change<String>,
    }

    #[test]
    fn absent_null_and_value_are_three_things() {
        let name = |json: &str| serde_json::from_str::<Body>(json).unwrap().name;
        assert_eq!(name("{}"), Change::Absent);
        assert_eq!(name(r#"{"name":null}"#), Change::Null);
        assert_eq!(name(r#"{"name":"x"}"#), Change::Value("x".to_owned()));
        assert!(serde_json::from_str::<Body>(r#"{"name":1}"#).is_err());
    }
}
