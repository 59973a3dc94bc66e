//! One tree for every encoding.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Deepest nesting of a request.
pub(super) const DEPTH_MAX: usize = 8;
/// Most fields of one map.
const FIELDS_MAX: usize = 1_000;
/// Most items of one list: as many as a bulk call may have.
const ITEMS_MAX: usize = 10_000;

/// A value as sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// JSON `null`.
    Null,
    /// A JSON boolean.
    Bool(bool),
    /// A JSON number that is exactly an integer of at most 64 bits.
    Integer(i128),
    /// A JSON number with a fraction or an exponent, or one beyond 64 bits.
    OtherNumber,
    /// A JSON string.
    Text(String),
    /// Text of a query string, which has no types: it is read as whatever is asked for.
    Word(String),
    /// A list.
    List(Vec<Self>),
    /// Fields in the order sent, each name once.
    Map(Vec<(String, Self)>),
}

impl Node {
    /// Whether the value is nested deeper than allowed.
    pub fn depth(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(fields) => 1 + fields.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The same text for the same value, whatever the order of its fields: what an idempotency key is bound to.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write_canonical(&mut text);
        text
    }

    fn write_canonical(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Integer(value) => text.push_str(&value.to_string()),
            Self::OtherNumber => text.push_str("number"),
            Self::Text(value) | Self::Word(value) => write_quoted(value, text),
            Self::List(items) => {
                text.push('[');
                for item in items {
                    item.write_canonical(text);
                    text.push(',');
                }
                text.push(']');
            }
            Self::Map(fields) => {
                let mut sorted: Vec<_> = fields.iter().collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                text.push('{');
                for (name, value) in sorted {
                    write_quoted(name, text);
                    text.push(':');
                    value.write_canonical(text);
                    text.push(',');
                }
                text.push('}');
            }
        }
    }
}

/// Quotes and escapes, so that no text can look like several.
fn write_quoted(value: &str, text: &mut String) {
    text.push('"');
    text.extend(value.escape_debug());
    text.push('"');
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// The value of a field that was given before: never accepted.
struct Repeated;

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("given more than once"))
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(i128::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Integer(i128::from(value)))
    }

    fn visit_f64<E>(self, _value: f64) -> Result<Node, E> {
        Ok(Node::OtherNumber)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Node, E> {
        if value.contains('\0') {
            return Err(E::custom("text must not contain the character NUL"));
        }
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
            if items.len() > ITEMS_MAX {
                return Err(A::Error::custom(format!("a list has at most {ITEMS_MAX} items")));
            }
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields: Vec<(String, Node)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.contains('\0') {
                return Err(A::Error::custom("a field's name must not contain the character NUL"));
            }
            if fields.iter().any(|(known, _)| *known == name) {
                // Failing inside the value is what makes the reader name the field.
                map.next_value::<Repeated>()?;
            }
            let value = map.next_value()?;
            fields.push((name, value));
            if fields.len() > FIELDS_MAX {
                return Err(A::Error::custom(format!("an object has at most {FIELDS_MAX} fields")));
            }
        }
        Ok(Node::Map(fields))
    }
}
