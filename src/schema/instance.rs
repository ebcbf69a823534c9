//! What can be validated: nodes of a file, values of a template.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;

use super::model::{Number, Types};
use super::read::quoted;
use crate::source::Origin;
use crate::syntax::{self, Node};
use crate::template::{self, Function, Value};

/// A value, part of which may be known only at deployment.
pub trait Instance: Sized {
    /// A key with its value.
    type Entry;

    /// What it is.
    fn shape(&self) -> Shape<'_, Self>;

    /// Where it comes from.
    fn origin(&self) -> Origin;

    /// A text that is the same for the same value; nothing for what may be another value than it seems.
    fn identity(&self) -> Option<String> {
        canonical(self)
    }

    /// The parts of an entry of a map.
    fn entry(entry: &Self::Entry) -> Entry<'_, Self>;
}

/// What an [`Instance`] is.
pub enum Shape<'a, I: Instance> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(Cow<'a, str>),
    /// A list.
    List(&'a [I]),
    /// An object.
    Map(&'a [I::Entry]),
    /// Not known yet; it will be of one of these types.
    Unknown(Types),
    /// One or the other, which is not known yet.
    Either(&'a I, &'a I),
    /// Nothing at all, as if it were not written.
    Absent,
}

/// A key with its value.
pub struct Entry<'a, I> {
    /// The name.
    pub name: &'a str,
    /// Where the name comes from.
    pub origin: Origin,
    /// The value.
    pub value: &'a I,
}

/// Whether a value is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Present,
    Maybe,
    Absent,
}

pub(super) fn presence<I: Instance>(instance: &I) -> Presence {
    match instance.shape() {
        Shape::Absent => Presence::Absent,
        Shape::Either(one, other) => {
            let one = presence(one);
            if one == presence(other) { one } else { Presence::Maybe }
        }
        _ => Presence::Present,
    }
}

/// JSON text with sorted keys, the same for equal values; nothing if a part is not known.
pub(super) fn canonical<I: Instance>(instance: &I) -> Option<String> {
    Some(match instance.shape() {
        Shape::Null => "null".to_owned(),
        Shape::Bool(value) => value.to_string(),
        Shape::Number(number) => number.to_string(),
        Shape::Text(text) => quoted(&text),
        Shape::List(items) => format!("[{}]", items.iter().map(canonical).collect::<Option<Vec<_>>>()?.join(",")),
        Shape::Map(entries) => {
            let sorted: BTreeMap<&str, &I> =
                entries.iter().map(I::entry).map(|entry| (entry.name, entry.value)).collect();
            let entries =
                sorted.into_iter().map(|(name, value)| Some(format!("{}:{}", quoted(name), canonical(value)?)));
            format!("{{{}}}", entries.collect::<Option<Vec<_>>>()?.join(","))
        }
        Shape::Either(one, other) => {
            let one = canonical(one)?;
            return (canonical(other)? == one).then_some(one);
        }
        Shape::Unknown(_) | Shape::Absent => return None,
    })
}

/// A blueprint, in which `{{ }}` is evaluated. `${ }` is text like any other: where a field takes it instead of a value,
/// the schema of the language says so.
impl Instance for Node {
    type Entry = syntax::Entry;

    fn shape(&self) -> Shape<'_, Self> {
        if self.tag.is_some() {
            return Shape::Unknown(Types::ANY);
        }
        match &self.data {
            syntax::Data::Null => Shape::Null,
            syntax::Data::Bool(value) => Shape::Bool(*value),
            syntax::Data::Number(number) => Shape::Number(number.into()),
            syntax::Data::String(scalar) => Shape::Text(Cow::Borrowed(&scalar.text)),
            syntax::Data::List(items) => Shape::List(items),
            syntax::Data::Map(entries) => Shape::Map(entries),
        }
    }

    fn origin(&self) -> Origin {
        Origin::Written(self.span)
    }

    fn entry(entry: &Self::Entry) -> Entry<'_, Self> {
        Entry { name: &entry.key.text, origin: Origin::Written(entry.key.span), value: &entry.value }
    }
}

impl Instance for Value {
    type Entry = (template::Key, Value);

    fn shape(&self) -> Shape<'_, Self> {
        match &self.data {
            template::Data::Null => Shape::Null,
            template::Data::Bool(value) => Shape::Bool(*value),
            template::Data::Number(number) => Shape::Number(number.into()),
            // A dynamic reference is resolved at deployment, and then it is still a text.
            template::Data::String(text) if text.contains("{{resolve:") => Shape::Unknown(Types::STRING),
            template::Data::String(text) => Shape::Text(Cow::Borrowed(text)),
            template::Data::List(items) => Shape::List(items),
            // Functions of other tools and of macros are replaced before anything is deployed.
            template::Data::Map(map) if matches!(map.0.as_slice(), [(key, _)] if key.text.starts_with("Fn::")) => {
                Shape::Unknown(Types::ANY)
            }
            template::Data::Map(map) => Shape::Map(&map.0),
            template::Data::Call(function, argument) => call(*function, argument),
        }
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    /// A function gives the same wherever it stands with the same argument.
    fn identity(&self) -> Option<String> {
        match &self.data {
            template::Data::Call(Function::Transform, _) => None,
            template::Data::Call(Function::If, _) => canonical(self),
            template::Data::Call(function, argument) => Some(format!("!{} {}", function.tag(), written(argument)?)),
            _ => canonical(self),
        }
    }

    fn entry(entry: &Self::Entry) -> Entry<'_, Self> {
        Entry { name: &entry.0.text, origin: entry.0.origin, value: &entry.1 }
    }
}

// Source: CloudFormation User Guide, "Intrinsic function reference", the return value of each function.
fn call(function: Function, argument: &Value) -> Shape<'_, Value> {
    Shape::Unknown(match function {
        Function::Ref if argument.as_str() == Some("AWS::NoValue") => return Shape::Absent,
        Function::If => match argument.as_list() {
            Some([_, then, otherwise]) => return Shape::Either(then, otherwise),
            _ => Types::ANY,
        },
        Function::Base64 | Function::Join | Function::Sub | Function::ToJsonString => Types::STRING,
        Function::Cidr | Function::GetAzs | Function::Split => Types::ARRAY,
        Function::Length => Types::INTEGER,
        _ => Types::ANY,
    })
}

/// A value as it is written, functions included; nothing if conditions or macros decide a part of it.
fn written(value: &Value) -> Option<String> {
    Some(match &value.data {
        template::Data::List(items) => {
            format!("[{}]", items.iter().map(written).collect::<Option<Vec<_>>>()?.join(","))
        }
        template::Data::Map(map) => {
            let entries = map.0.iter().map(|(key, value)| Some(format!("{}:{}", quoted(&key.text), written(value)?)));
            format!("{{{}}}", entries.collect::<Option<Vec<_>>>()?.join(","))
        }
        template::Data::String(text) => quoted(text),
        template::Data::Call(..) => value.identity()?,
        _ => canonical(value)?,
    })
}

/// The name of a property as an instance of its own, for `propertyNames`.
pub(super) struct Name<'a> {
    pub text: &'a str,
    pub origin: Origin,
}

impl Instance for Name<'_> {
    type Entry = Infallible;

    fn shape(&self) -> Shape<'_, Self> {
        Shape::Text(Cow::Borrowed(self.text))
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    fn entry(entry: &Infallible) -> Entry<'_, Self> {
        match *entry {}
    }
}
