//! From a validated tree to the typed models, by serde.
//!
//! The tree was checked against the blueprint's schema before, so decoding hardly ever fails; when it does, the
//! error still has a place. Some types ask for more than plain data, and are known by the name under which they
//! deserialize: `Located` for its span, [`Text`] and `Tree` for the parts of strings, `Setting` and everything named
//! `$Shape` or `$Keyed` for which of its variants it is.

use std::fmt;

use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Number, json};

use super::text::{self, Fault, Text};
use crate::source::{Sources, Span};
use crate::syntax::{Data, Entry, Node};

const LOCATED: &str = "$Located";
const TEXT: &str = "$Text";
const TREE: &str = "$Tree";
const SETTING: &str = "$Setting";
/// An enum of `Text`, `List` and `Map`, chosen by the shape of the value: a short and a long way to say something.
const SHAPE: &str = "$Shape";
/// An enum of objects, each of which has a key with the name of its variant.
const KEYED: &str = "$Keyed";

/// Why a tree does not fit a model.
#[derive(Debug)]
pub struct DecodeError {
    /// Where, if it is known.
    pub span: Option<Span>,
    /// What does not fit.
    pub message: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { span: None, message: message.to_string() }
    }
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        de::Error::custom(error)
    }
}

/// Decodes a tree. Faults inside of its strings are added to `faults`.
pub fn decode<'a, T: Deserialize<'a>>(
    node: &'a Node,
    sources: &'a Sources,
    faults: &mut Vec<Fault>,
) -> Result<T, DecodeError> {
    let found = std::cell::RefCell::new(Vec::new());
    let result = T::deserialize(Decoder { node, sources, faults: &found });
    faults.append(&mut found.into_inner());
    result
}

#[derive(Clone, Copy)]
struct Decoder<'a, 'f> {
    node: &'a Node,
    sources: &'a Sources,
    faults: &'f std::cell::RefCell<Vec<Fault>>,
}

impl<'a> Decoder<'a, '_> {
    fn with(self, node: &'a Node) -> Self {
        Self { node, ..self }
    }

    fn locate<T>(self, result: Result<T, DecodeError>) -> Result<T, DecodeError> {
        result.map_err(|mut error| {
            error.span.get_or_insert(self.node.span);
            error
        })
    }

    fn text(self) -> Result<Text, DecodeError> {
        text::parse(self.node, self.sources, &mut self.faults.borrow_mut())
            .ok_or_else(|| de::Error::custom("expected text"))
    }
}

impl<'a> de::Deserializer<'a> for Decoder<'a, '_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let result = match &self.node.data {
            Data::Null => visitor.visit_unit(),
            Data::Bool(value) => visitor.visit_bool(*value),
            Data::Number(number) => match whole(number) {
                Some(number) => visitor.visit_i64(number),
                None => de::Deserializer::deserialize_any(number, visitor).map_err(DecodeError::from),
            },
            Data::String(scalar) => visitor.visit_borrowed_str(&scalar.text),
            Data::List(items) => visitor.visit_seq(Items { decoder: self, items: items.iter() }),
            Data::Map(entries) => visitor.visit_map(Entries { decoder: self, rest: entries.iter(), value: None }),
        };
        self.locate(result)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.node.data {
            Data::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let result = match name {
            TEXT => {
                let text = self.text()?;
                visitor.visit_newtype_struct(text.to_transport()).map_err(DecodeError::from)
            }
            TREE => {
                let tree = text::tree(self.node, self.sources, &mut self.faults.borrow_mut());
                visitor.visit_newtype_struct(tree.to_transport()).map_err(DecodeError::from)
            }
            _ => visitor.visit_newtype_struct(self),
        };
        self.locate(result)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name == LOCATED {
            return visitor.visit_map(LocatedAccess { decoder: self, next: 0 });
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let variant = |name| Variant { decoder: self, name };
        let result = match (name, &self.node.data) {
            (SETTING, Data::String(scalar)) if text::is_deferred(&scalar.text) => {
                visitor.visit_enum(variant("Deferred"))
            }
            (SETTING, _) => visitor.visit_enum(variant("Known")),
            (SHAPE, Data::Map(_)) => visitor.visit_enum(variant("Map")),
            (SHAPE, Data::List(_)) => visitor.visit_enum(variant("List")),
            (SHAPE, _) => visitor.visit_enum(variant("Text")),
            (KEYED, Data::Map(entries)) => {
                let known = variants.iter().find(|name| entries.iter().any(|entry| entry.key.text == **name));
                match known {
                    Some(name) => visitor.visit_enum(variant(name)),
                    None => Err(de::Error::custom("expected one alternative")),
                }
            }
            (_, Data::String(scalar)) => visitor.visit_enum(scalar.text.as_str().into_deserializer()),
            (_, Data::Map(entries)) if entries.len() == 1 => {
                let Entry { key, value } = &entries[0];
                visitor.visit_enum(Variant { decoder: self.with(value), name: &key.text })
            }
            _ => Err(de::Error::custom("expected one alternative")),
        };
        self.locate(result)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'a, 'f> {
    decoder: Decoder<'a, 'f>,
    items: std::slice::Iter<'a, Node>,
}

impl<'a> SeqAccess<'a> for Items<'a, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        self.items.next().map(|item| seed.deserialize(self.decoder.with(item))).transpose()
    }
}

struct Entries<'a, 'f> {
    decoder: Decoder<'a, 'f>,
    rest: std::slice::Iter<'a, Entry>,
    value: Option<&'a Node>,
}

impl<'a> MapAccess<'a> for Entries<'a, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some(entry) = self.rest.next() else { return Ok(None) };
        self.value = Some(&entry.value);
        seed.deserialize(KeyDecoder { text: &entry.key.text, span: entry.key.span }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let node = self.value.take().ok_or_else(|| <DecodeError as de::Error>::custom("a value without its key"))?;
        seed.deserialize(self.decoder.with(node))
    }
}

/// A key, which may be asked for as text or as [`Located`] text.
struct KeyDecoder<'a> {
    text: &'a str,
    span: Span,
}

impl<'a> de::Deserializer<'a> for KeyDecoder<'a> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let json = json!({"span": text::span_transport(self.span), "value": self.text});
        de::Deserializer::deserialize_any(json, visitor).map_err(DecodeError::from)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(self.text.into_deserializer())
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any option newtype_struct
    }
}

/// The whole number that is written with a fraction or an exponent: to a schema `30.0` is an integer.
///
/// Source: JSON Schema Core 2020-12, section 4.2.3.
fn whole(number: &Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    let value = number.as_f64().filter(|value| number.is_f64() && value.fract() == 0.0 && value.abs() <= EXACT)?;
    format!("{value:.0}").parse().ok()
}

/// Hands out `span` and `value` of a [`super::text::Located`].
struct LocatedAccess<'a, 'f> {
    decoder: Decoder<'a, 'f>,
    next: u8,
}

impl<'a> MapAccess<'a> for LocatedAccess<'a, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let key = match self.next {
            0 => "span",
            1 => "value",
            _ => return Ok(None),
        };
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(text::span_transport(self.decoder.node.span)).map_err(DecodeError::from),
            _ => seed.deserialize(self.decoder),
        }
    }
}

/// One variant of an enum whose content is a node.
struct Variant<'a, 'f, 'n> {
    decoder: Decoder<'a, 'f>,
    name: &'n str,
}

impl<'a, 'f> de::EnumAccess<'a> for Variant<'a, 'f, '_> {
    type Error = DecodeError;
    type Variant = Decoder<'a, 'f>;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Decoder<'a, 'f>), DecodeError> {
        let name: de::value::StrDeserializer<'_, DecodeError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.decoder))
    }
}

impl<'a> de::VariantAccess<'a> for Decoder<'a, '_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(self, visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(self, visitor)
    }
}
