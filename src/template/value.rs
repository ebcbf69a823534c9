//! Values of a template: JSON, intrinsic functions, and an origin on everything.

use serde_json::Number;

use crate::source::{Origin, Span};

/// A value with its origin.
#[derive(Clone, Debug)]
pub struct Value {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is.
    pub data: Data,
}

/// What a [`Value`] is.
#[derive(Clone, Debug)]
pub enum Data {
    /// `null`, which CloudFormation refuses nearly everywhere.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Value>),
    /// An object, in its order, each key once.
    Map(Map),
    /// An intrinsic function with its argument.
    Call(Function, Box<Value>),
}

/// The entries of an object, in order.
#[derive(Clone, Debug, Default)]
pub struct Map(pub Vec<(Key, Value)>);

/// A key with its origin.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// The intrinsic functions of CloudFormation.
///
/// Source: CloudFormation User Guide, "Intrinsic function reference".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// `Ref`
    Ref,
    /// `Condition`, inside conditions
    Condition,
    /// `Fn::And`
    And,
    /// `Fn::Base64`
    Base64,
    /// `Fn::Cidr`
    Cidr,
    /// `Fn::Equals`
    Equals,
    /// `Fn::FindInMap`
    FindInMap,
    /// `Fn::GetAtt`
    GetAtt,
    /// `Fn::GetAZs`
    GetAzs,
    /// `Fn::GetStackOutput`
    GetStackOutput,
    /// `Fn::If`
    If,
    /// `Fn::ImportValue`
    ImportValue,
    /// `Fn::Join`
    Join,
    /// `Fn::Length`
    Length,
    /// `Fn::Not`
    Not,
    /// `Fn::Or`
    Or,
    /// `Fn::Select`
    Select,
    /// `Fn::Split`
    Split,
    /// `Fn::Sub`
    Sub,
    /// `Fn::ToJsonString`
    ToJsonString,
    /// `Fn::Transform`
    Transform,
}

impl Function {
    /// Every function with its long name and its short tag.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Ref, "Ref", "Ref"),
        (Self::Condition, "Condition", "Condition"),
        (Self::And, "Fn::And", "And"),
        (Self::Base64, "Fn::Base64", "Base64"),
        (Self::Cidr, "Fn::Cidr", "Cidr"),
        (Self::Equals, "Fn::Equals", "Equals"),
        (Self::FindInMap, "Fn::FindInMap", "FindInMap"),
        (Self::GetAtt, "Fn::GetAtt", "GetAtt"),
        (Self::GetAzs, "Fn::GetAZs", "GetAZs"),
        (Self::GetStackOutput, "Fn::GetStackOutput", "GetStackOutput"),
        (Self::If, "Fn::If", "If"),
        (Self::ImportValue, "Fn::ImportValue", "ImportValue"),
        (Self::Join, "Fn::Join", "Join"),
        (Self::Length, "Fn::Length", "Length"),
        (Self::Not, "Fn::Not", "Not"),
        (Self::Or, "Fn::Or", "Or"),
        (Self::Select, "Fn::Select", "Select"),
        (Self::Split, "Fn::Split", "Split"),
        (Self::Sub, "Fn::Sub", "Sub"),
        (Self::ToJsonString, "Fn::ToJsonString", "ToJsonString"),
        (Self::Transform, "Fn::Transform", "Transform"),
    ];

    fn entry(self) -> &'static (Self, &'static str, &'static str) {
        // `ALL` is in the order of declaration; a test holds it there.
        &Self::ALL[self as usize]
    }

    /// The long name, as in JSON: `Ref`, `Fn::Sub`.
    pub fn name(self) -> &'static str {
        self.entry().1
    }

    /// The short tag without `!`: `Ref`, `Sub`.
    pub fn tag(self) -> &'static str {
        self.entry().2
    }

    /// The function with this long name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, long, _)| *long == name).map(|(function, ..)| *function)
    }

    /// The function with this short tag.
    pub fn by_tag(tag: &str) -> Option<Self> {
        Self::ALL.iter().find(|(.., short)| *short == tag).map(|(function, ..)| *function)
    }
}

impl Value {
    /// A value of any data.
    pub fn new(origin: Origin, data: Data) -> Self {
        Self { origin, data }
    }

    /// Text.
    pub fn string(origin: Origin, text: impl Into<String>) -> Self {
        Self::new(origin, Data::String(text.into()))
    }

    /// `!Ref id`
    pub fn reference(origin: Origin, id: &str) -> Self {
        Self::call(origin, Function::Ref, Self::string(origin, id))
    }

    /// `!GetAtt id.attribute`
    pub fn attribute(origin: Origin, id: &str, attribute: &str) -> Self {
        let parts = vec![Self::string(origin, id), Self::string(origin, attribute)];
        Self::call(origin, Function::GetAtt, Self::new(origin, Data::List(parts)))
    }

    /// `!Sub text`
    pub fn sub(origin: Origin, text: impl Into<String>) -> Self {
        Self::call(origin, Function::Sub, Self::string(origin, text))
    }

    /// `!Sub text`, or the text alone where nothing in it waits for the deployment.
    pub fn sub_or_string(origin: Origin, text: String) -> Self {
        if text.replace("${!", "").contains("${") {
            return Self::sub(origin, text);
        }
        Self::string(origin, text.replace("${!", "${"))
    }

    /// A function with its argument.
    pub fn call(origin: Origin, function: Function, argument: Self) -> Self {
        Self::new(origin, Data::Call(function, Box::new(argument)))
    }

    /// The text of a plain string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of an object.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The number, where it is a whole one that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.data {
            Data::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The value at a path of keys.
    pub fn at<'a>(&'a self, path: &[&str]) -> Option<&'a Self> {
        path.iter().try_fold(self, |value, key| value.as_map()?.get(key))
    }

    /// Calls `visit` with this value and every value inside it, parents first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        match &self.data {
            Data::List(items) => items.iter().for_each(|item| item.walk(visit)),
            Data::Map(map) => map.0.iter().for_each(|(_, value)| value.walk(visit)),
            Data::Call(_, argument) => argument.walk(visit),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
        }
    }
}

/// What a value refers to: logical ids, each with the attribute if it is not a `Ref`, and the place of the value.
pub fn references(value: &Value) -> Vec<(String, Option<String>, Span)> {
    let mut found = Vec::new();
    value.walk(&mut |part| {
        let span = part.origin.span();
        let Data::Call(function, argument) = &part.data else { return };
        match function {
            Function::Ref => found.extend(argument.as_str().map(|id| (id.to_owned(), None, span))),
            Function::GetAtt => {
                let parts: Vec<&str> =
                    argument.as_list().unwrap_or_default().iter().filter_map(Value::as_str).collect();
                if let [id, attribute] = parts.as_slice() {
                    found.push(((*id).to_owned(), Some((*attribute).to_owned()), span));
                }
            }
            Function::Sub => {
                for name in argument.as_str().into_iter().flat_map(sub_names) {
                    match name.split_once('.') {
                        Some((id, attribute)) => found.push((id.to_owned(), Some(attribute.to_owned()), span)),
                        None => found.push((name.to_owned(), None, span)),
                    }
                }
            }
            _ => {}
        }
    });
    found
}

/// A part of the text of a `Fn::Sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubPart<'a> {
    /// Text as it is.
    Text(&'a str),
    /// `${!Name}`, which stays as `${Name}`: the name.
    Literal(&'a str),
    /// `${Name}` or `${Name.Attribute}`: what stands in it.
    Name(&'a str),
}

/// The parts of the text of a `Fn::Sub`, in order; a `${` that nothing closes is text.
///
/// Source: CloudFormation User Guide, "`Fn::Sub`".
pub fn sub_parts(text: &str) -> Vec<SubPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        if !before.is_empty() {
            parts.push(SubPart::Text(before));
        }
        parts.push(name.strip_prefix('!').map_or(SubPart::Name(name), SubPart::Literal));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(SubPart::Text(rest));
    }
    parts
}

/// The names in `${ }` of the text of a `Fn::Sub`.
pub fn sub_names(text: &str) -> impl Iterator<Item = &str> {
    sub_parts(text).into_iter().filter_map(|part| match part {
        SubPart::Name(name) if !name.trim().is_empty() => Some(name.trim()),
        _ => None,
    })
}

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name.text == key).map(|(_, value)| value)
    }

    /// Adds an entry; nothing is added for `None`. The key takes the origin of the value.
    pub fn push(&mut self, key: &str, origin: Origin, value: impl Into<Payload>) {
        if let Some(value) = value.into().into_value(origin) {
            self.0.push((Key { text: key.to_owned(), origin: value.origin }, value));
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What can be put into a [`Map`] by [`crate::map!`]; takes the origin of its map if it has none.
#[derive(Debug)]
pub enum Payload {
    /// Leaves the entry out.
    Nothing,
    /// Has an origin.
    Value(Value),
    /// Takes the origin of the map.
    Data(Data),
    /// A list of them.
    List(Vec<Payload>),
}

impl Payload {
    fn into_value(self, origin: Origin) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Value(value) => Some(value),
            Self::Data(data) => Some(Value::new(origin, data)),
            Self::List(items) => {
                let items = items.into_iter().filter_map(|item| item.into_value(origin)).collect();
                Some(Value::new(origin, Data::List(items)))
            }
        }
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<Map> for Payload {
    fn from(map: Map) -> Self {
        Self::Data(Data::Map(map))
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        Self::Data(Data::String(text.to_owned()))
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Self::Data(Data::String(text))
    }
}

impl From<bool> for Payload {
    fn from(value: bool) -> Self {
        Self::Data(Data::Bool(value))
    }
}

impl From<u32> for Payload {
    fn from(value: u32) -> Self {
        Self::Data(Data::Number(value.into()))
    }
}

impl<T: Into<Payload>> From<Option<T>> for Payload {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

impl<T: Into<Payload>> From<Vec<T>> for Payload {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Payload>, const N: usize> From<[T; N]> for Payload {
    fn from(items: [T; N]) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// An object whose values take one origin unless they have their own; `None` leaves an entry out.
///
/// `map!(origin; "Status" => "Enabled", "Prefix" => prefix)`
#[macro_export]
macro_rules! map {
    ($origin:expr; $($key:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an empty map is not pushed to")]
        let mut map = $crate::template::Map::default();
        $( map.push($key, $origin, $value); )*
        map
    }};
}

#[cfg(test)]
mod tests {
    use super::Function;

    #[test]
    fn functions_are_listed_in_the_order_of_their_declaration() {
        for (position, (function, ..)) in Function::ALL.iter().enumerate() {
            assert_eq!(*function as usize, position, "{function:?}");
            assert_eq!(function.entry().0, *function);
        }
        // The last of the declaration is in the list, so that all before it are.
        assert_eq!(Function::Transform as usize + 1, Function::ALL.len());
    }

    #[test]
    fn functions_are_found_by_their_names() {
        for (function, name, tag) in Function::ALL {
            assert_eq!(Function::by_name(name), Some(*function));
            assert_eq!(Function::by_tag(tag), Some(*function));
        }
    }
}
