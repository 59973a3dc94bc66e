//! A moment as clients send it: Unix seconds, or RFC 3339.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A moment between the years 1 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub OffsetDateTime);

const EXPECTED: &str = "must be Unix seconds, or RFC 3339 such as 2026-01-31T12:00:00Z";

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MomentVisitor)
    }
}

struct MomentVisitor;

impl de::Visitor<'_> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Moment, E> {
        known(OffsetDateTime::from_unix_timestamp(seconds).ok())
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Moment, E> {
        known(i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            return known(text.parse().ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()));
        }
        known(OffsetDateTime::parse(text, &Rfc3339).ok())
    }
}

fn known<E: de::Error>(moment: Option<OffsetDateTime>) -> Result<Moment, E> {
    moment.filter(|moment| (1..=9999).contains(&moment.year())).map(Moment).ok_or_else(|| E::custom(EXPECTED))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::parameters::{self, Node};

    fn parsed(node: Node) -> Option<OffsetDateTime> {
        parameters::read::<Moment>(node).ok().map(|moment| moment.0)
    }

    #[test]
    fn seconds_and_rfc_3339_name_the_same_moment() {
        let expected = Some(datetime!(2026-01-31 12:00 UTC));
        assert_eq!(parsed(Node::Integer(1_769_860_800)), expected);
        assert_eq!(parsed(Node::Word("1769860800".to_owned())), expected);
        assert_eq!(parsed(Node::Word("2026-01-31T12:00:00Z".to_owned())), expected);
        assert_eq!(parsed(Node::Text("2026-01-31T13:00:00+01:00".to_owned())), expected);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["", "-", "now", "2026-01-31", "2026-01-31T12:00:00", "1.5", "1e9", "0000-01-01T00:00:00Z"] {
            assert_eq!(parsed(Node::Word(bad.to_owned())), None, "{bad:?}");
        }
        for bad in
            [Node::Integer(i128::from(i64::MAX)), Node::Integer(-99_999_999_999_999), Node::Bool(true), Node::Null]
        {
            assert_eq!(parsed(bad.clone()), None, "{bad:?}");
        }
    }
}
