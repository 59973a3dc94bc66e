//! The merchant's own key-value pairs on an object. Kept in clear: personal data has its own fields.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::Json;

use crate::{
    Change, Failure,
    field::{InvalidField, Problem},
};

/// Most pairs of one object.
const PAIRS_MAX: usize = 50;
/// Longest key, in characters.
const KEY_CHARS_MAX: usize = 40;
/// Longest value, in characters.
const VALUE_CHARS_MAX: usize = 500;
/// The parameter's name.
const PARAM: &str = "metadata";

/// Pairs of a new object. An empty value sets nothing.
pub type MetadataDraft = BTreeMap<String, String>;
/// Pairs to merge into an object's: no value or an empty one removes the key; `Null` removes all.
pub type MetadataChange = Change<BTreeMap<String, Option<String>>>;

/// The checked pairs of a new object.
pub(crate) fn checked(draft: MetadataDraft) -> Result<BTreeMap<String, String>, InvalidField> {
    bounded(&draft)?;
    for (key, value) in &draft {
        check_pair(key, value)?;
    }
    Ok(draft.into_iter().filter(|(_, value)| !value.is_empty()).collect())
}

/// The pairs after a change, or `None` where nothing was asked.
pub(crate) fn merged(
    current: &BTreeMap<String, String>,
    change: MetadataChange,
) -> Result<Option<BTreeMap<String, String>>, InvalidField> {
    let Some(change) = change.into_option() else { return Ok(None) };
    let Some(change) = change else { return Ok(Some(BTreeMap::new())) };
    let mut pairs = current.clone();
    for (key, value) in change {
        let value = value.unwrap_or_default();
        check_pair(&key, &value)?;
        if value.is_empty() {
            pairs.remove(&key);
        } else {
            pairs.insert(key, value);
        }
    }
    bounded(&pairs)?;
    Ok(Some(pairs))
}

/// The column's form.
pub(crate) fn to_json(pairs: &BTreeMap<String, String>) -> Json {
    pairs.iter().map(|(key, value)| (key.clone(), Json::from(value.as_str()))).collect::<serde_json::Map<_, _>>().into()
}

/// The pairs of a row.
pub(crate) fn from_json(table: &'static str, json: Json) -> Result<BTreeMap<String, String>, Failure> {
    serde_json::from_value(json).map_err(|_| Failure::Corrupt { table, column: PARAM })
}

fn bounded(pairs: &BTreeMap<String, String>) -> Result<(), InvalidField> {
    if pairs.len() > PAIRS_MAX { Err(Problem::TooMany { max: PAIRS_MAX }.of(PARAM)) } else { Ok(()) }
}

fn check_pair(key: &str, value: &str) -> Result<(), InvalidField> {
    if key.is_empty() {
        return Err(Problem::Empty.of(PARAM));
    }
    if key.chars().nth(KEY_CHARS_MAX).is_some() {
        return Err(Problem::Malformed { expected: "a map whose keys have at most 40 characters" }.of(PARAM));
    }
    if key.contains(['[', ']']) {
        return Err(Problem::Malformed { expected: "a map whose keys hold no square brackets" }.of(PARAM));
    }
    if value.chars().nth(VALUE_CHARS_MAX).is_some() {
        return Err(Problem::Malformed { expected: "a map whose values have at most 500 characters" }.of(PARAM));
    }
    if key.chars().chain(value.chars()).any(char::is_control) {
        return Err(Problem::ControlCharacter.of(PARAM));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_change_is_merged_and_empty_values_remove() {
        let current = pairs(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let change = BTreeMap::from([
            ("a".to_owned(), Some("9".to_owned())),
            ("b".to_owned(), None),
            ("c".to_owned(), Some(String::new())),
            ("d".to_owned(), Some("4".to_owned())),
        ]);
        assert_eq!(merged(&current, Change::Value(change)), Ok(Some(pairs(&[("a", "9"), ("d", "4")]))));
        assert_eq!(merged(&current, Change::Null), Ok(Some(BTreeMap::new())));
        assert_eq!(merged(&current, Change::Absent), Ok(None));
        assert_eq!(checked(pairs(&[("a", "1"), ("b", "")])), Ok(pairs(&[("a", "1")])));
    }

    #[test]
    fn keys_values_and_their_number_are_bounded() {
        let (long_key, long_value) = ("k".repeat(41), "v".repeat(501));
        for bad in
            [[("", "v")], [("a[b]", "v")], [("a\0", "v")], [("a", "v\n")], [(&long_key, "v")], [("a", &long_value)]]
        {
            let refusal = checked(pairs(&bad)).unwrap_err();
            assert_eq!(refusal.param, "metadata", "{bad:?}");
        }
        assert!(checked(pairs(&[(&"k".repeat(40), &"v".repeat(500))])).is_ok());
        let many =
            |count: usize| (0..count).map(|number| (format!("k{number}"), "v".to_owned())).collect::<MetadataDraft>();
        assert!(checked(many(50)).is_ok());
        assert_eq!(checked(many(51)).unwrap_err().problem, Problem::TooMany { max: 50 });
        let one_more = Change::Value(BTreeMap::from([("z".to_owned(), Some("v".to_owned()))]));
        assert!(merged(&many(50), one_more).is_err(), "a merge counts what is there");
    }
}
