//! Reads request types from the tree, keeping the path to whatever does not fit.

use serde::{
    de::{
        DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
        Visitor,
    },
    forward_to_deserialize_any,
};

use super::{Node, ParameterError, Problem};

fn not_an_integer() -> ParameterError {
    ParameterError::here(Problem::NotAnInteger)
}

/// A whole number in plain digits: no sign but minus, no spaces, no exponent, no leading zero.
fn digits(word: &str) -> Option<i128> {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let plain = !unsigned.is_empty()
        && unsigned.bytes().all(|byte| byte.is_ascii_digit())
        && (unsigned == "0" || !unsigned.starts_with('0'))
        && word != "-0";
    if plain { word.parse().ok() } else { None }
}

impl Node {
    fn integer(&self) -> Result<i128, ParameterError> {
        match self {
            Self::Integer(value) => Ok(*value),
            Self::Word(word) => digits(word).ok_or_else(not_an_integer),
            _ => Err(not_an_integer()),
        }
    }
}

macro_rules! integers {
    ($($method:ident => $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            let value = self.integer()?.try_into().map_err(|_| not_an_integer())?;
            visitor.$visit(value)
        }
    )*};
}

impl<'de> Deserializer<'de> for Node {
    type Error = ParameterError;

    integers! {
        deserialize_i8 => visit_i8;
        deserialize_i16 => visit_i16;
        deserialize_i32 => visit_i32;
        deserialize_i64 => visit_i64;
        deserialize_u8 => visit_u8;
        deserialize_u16 => visit_u16;
        deserialize_u32 => visit_u32;
        deserialize_u64 => visit_u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Integer(value) => visitor.visit_i64(i64::try_from(value).map_err(|_| not_an_integer())?),
            Self::OtherNumber => Err(not_an_integer()),
            Self::Text(text) | Self::Word(text) => visitor.visit_string(text),
            Self::List(items) => visitor.visit_seq(Items { items: items.into_iter(), index: 0 }),
            Self::Map(fields) => visitor.visit_map(Fields { fields: fields.into_iter(), value: None }),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match &self {
            Self::Bool(value) => visitor.visit_bool(*value),
            Self::Word(word) if word == "true" => visitor.visit_bool(true),
            Self::Word(word) if word == "false" => visitor.visit_bool(false),
            _ => Err(ParameterError::custom("must be true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self {
            Self::Text(text) | Self::Word(text) => visitor.visit_string(text),
            _ => Err(ParameterError::custom("must be a string")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self {
            Self::Null => visitor.visit_none(),
            other => visitor.visit_some(other),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self {
            Self::Map(fields) => visitor.visit_map(Fields { fields: fields.into_iter(), value: None }),
            _ => Err(ParameterError::custom("must be an object")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self {
            Self::List(items) => visitor.visit_seq(Items { items: items.into_iter(), index: 0 }),
            _ => Err(ParameterError::custom("must be a list")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        match self {
            Self::Text(text) | Self::Word(text) if variants.contains(&text.as_str()) => visitor.visit_enum(Word(text)),
            _ => Err(ParameterError::custom(format!("must be one of {}", variants.join(", ")))),
        }
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// An enum value: a bare word.
struct Word(String);

impl<'de> EnumAccess<'de> for Word {
    type Error = ParameterError;
    type Variant = NoContent;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, NoContent), ParameterError> {
        seed.deserialize(self.0.into_deserializer()).map(|value| (value, NoContent))
    }
}

/// Enum values carry nothing.
struct NoContent;

impl<'de> VariantAccess<'de> for NoContent {
    type Error = ParameterError;

    fn unit_variant(self) -> Result<(), ParameterError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _seed: S) -> Result<S::Value, ParameterError> {
        Err(ParameterError::custom("must be a plain word"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, _visitor: V) -> Result<V::Value, ParameterError> {
        Err(ParameterError::custom("must be a plain word"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, ParameterError> {
        Err(ParameterError::custom("must be a plain word"))
    }
}

struct Fields {
    fields: std::vec::IntoIter<(String, Node)>,
    value: Option<(String, Node)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = ParameterError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ParameterError> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        let key = seed.deserialize(name.clone().into_deserializer());
        self.value = Some((name, value));
        key.map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ParameterError> {
        let (name, value) = self.value.take().ok_or_else(|| ParameterError::custom("a field has no value"))?;
        seed.deserialize(value).map_err(|error| error.within(&name))
    }
}

struct Items {
    items: std::vec::IntoIter<Node>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = ParameterError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ParameterError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index = index.saturating_add(1);
        seed.deserialize(item).map(Some).map_err(|error| error.within(&index.to_string()))
    }
}
