//! Text with `${ }` in it, and the other field types that the models of all kinds share.
//!
//! `${ }` is bound at deployment. Its parts are found here, each with the place inside of the string that the user
//! wrote; what a part means is decided when the components are known.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::source::{FileId, Origin, Sources, Span};
use crate::syntax::{self, Node};
use crate::template::Value;

/// A value and its place in the blueprint.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "$Located")]
pub struct Located<T> {
    span: Json,
    /// The value.
    pub value: T,
}

impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Located<T> {}

/// Two are the same key of a map wherever they stand.
impl<T: Hash> Hash for Located<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T> Located<T> {
    /// Where the value is; the start of the first file for a default.
    pub fn span(&self) -> Span {
        span_from(&self.span)
    }

    /// A default: a value that the user did not write.
    pub fn nowhere(value: T) -> Self {
        Self { span: Json::Null, value }
    }

    /// A value because of what is written at a place.
    pub fn at(value: T, span: Span) -> Self {
        Self { span: span_transport(span), value }
    }

    /// Where the user wrote the value, if it is not a default.
    pub fn place(&self) -> Option<Span> {
        (!self.span.is_null()).then(|| self.span())
    }
}

impl Located<String> {
    /// The text as the user wrote it, or as a default of what is at `origin`.
    pub fn to_value(&self, origin: Origin) -> Value {
        Value::string(self.place().map_or(origin, Origin::Written), self.value.as_str())
    }
}

impl Located<String> {
    /// The place of a part of the text, if the text is written as it is, in quotes or not; otherwise of all of it.
    pub fn part(&self, range: &std::ops::Range<usize>) -> Span {
        let span = self.span();
        let quote = match span.range().len().checked_sub(self.value.len()) {
            Some(0) => 0,
            Some(2) => 1,
            _ => return span,
        };
        // The end of the text has no byte of its own.
        let end = range.end.max(range.start + 1).min(self.value.len());
        span.slice(range.start.min(end.saturating_sub(1)) + quote, end + quote)
    }
}

impl<T: Serialize> Serialize for Located<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// A string in which `${ }` stands for what is known at deployment.
#[derive(Clone, Debug)]
pub struct Text {
    /// The whole scalar.
    pub span: Span,
    /// What it consists of, in order.
    pub parts: Vec<Part>,
}

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Literal(String),
    /// What is between `${` and `}`, with its place without the brackets.
    Reference(String, Span),
}

/// JSON of any shape with [`Text`] as its strings.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The whole value.
    pub span: Span,
    /// What it is.
    pub data: TreeData,
}

/// What a [`Tree`] is.
#[derive(Clone, Debug)]
pub enum TreeData {
    /// Null, a boolean or a number.
    Plain(Json),
    /// Text.
    Text(Text),
    /// A list.
    List(Vec<Tree>),
    /// An object: key, place of the key, value.
    Map(Vec<(String, Span, Tree)>),
}

/// A value that is written in the blueprint, or `${ }` that gives it at deployment.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "$Setting")]
pub enum Setting<T> {
    /// Written.
    Known(Located<T>),
    /// Known at deployment.
    Deferred(Text),
}

impl<T> Setting<T> {
    /// The place of the value.
    pub fn span(&self) -> Span {
        match self {
            Self::Known(located) => located.span(),
            Self::Deferred(text) => text.span,
        }
    }

    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(located) => Some(&located.value),
            Self::Deferred(_) => None,
        }
    }
}

/// The name of a component of the same blueprint.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Reference(Located<String>);

impl Reference {
    /// A reference to a component by its name, because of what is written at a place.
    pub fn new(name: &str, span: Span) -> Self {
        Self(Located::at(name.to_owned(), span))
    }

    /// The component whose attribute is between `${` and `}`, named itself or by a parameter.
    pub fn of_attribute(path: &str, span: Span) -> Option<Self> {
        let (head, _) = path.split_once('.')?;
        // Parameters start with a capital, components do not.
        let is_parameter = head.starts_with(|c: char| c.is_ascii_uppercase());
        let name = if is_parameter { format!("${{{head}}}") } else { head.to_owned() };
        (!head.contains(':')).then(|| Self::new(&name, span))
    }

    /// A reference that is written as text: a name, or `${ }` with the parameter that stands for it.
    pub fn from_text(text: &Text) -> Option<Self> {
        match text.parts.as_slice() {
            [Part::Literal(name)] => Some(Self::new(name, text.span)),
            [Part::Reference(name, _)] => Some(Self::new(&format!("${{{name}}}"), text.span)),
            _ => None,
        }
    }

    /// The parameter that stands for the component, if it is not named itself.
    pub fn parameter(&self) -> Option<&str> {
        self.0.value.strip_prefix("${")?.strip_suffix('}')
    }

    /// The name as written.
    pub fn name(&self) -> &str {
        &self.0.value
    }

    /// Whether it has the form of a name.
    pub fn is_name(&self) -> bool {
        let name = self.name();
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }

    /// Where it is written.
    pub fn span(&self) -> Span {
        self.0.span()
    }
}

/// Text that stands in the blueprint or in a file beside it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Script {
    /// In a file.
    #[serde(rename = "Map")]
    File(FileReference),
    /// In place.
    #[serde(rename = "Text")]
    Inline(Text),
}

/// A file beside the blueprint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileReference {
    /// Path from the blueprint's folder, with `/`; it stays inside of that folder.
    pub file: Located<String>,
}

/// What is wrong inside of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `${` without `}`; the place is the bracket.
    Unclosed(Span),
    /// `${}`; the place is the whole of it.
    Empty(Span),
}

/// Whether a string is nothing but one `${ }`.
pub fn is_deferred(text: &str) -> bool {
    text.strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| !name.is_empty() && !name.starts_with('!') && !name.contains(['$', '{', '}']))
}

/// The parts of a scalar; `None` for lists and maps.
pub fn parse(node: &Node, sources: &Sources, faults: &mut Vec<Fault>) -> Option<Text> {
    let syntax::Data::String(scalar) = &node.data else { return None };
    let source = &sources.get(node.span.file).text;
    let place = |start, end| scalar.place(node.span, source, start..end);
    Some(Text { span: node.span, parts: split(&scalar.text, &place, faults) })
}

/// The parts of the text of a whole file.
pub fn parse_file(file: FileId, sources: &Sources, faults: &mut Vec<Fault>) -> Text {
    let text = &sources.get(file).text;
    let place = |start, end| Span::new(file, start, end);
    Text { span: Span::new(file, 0, text.len()), parts: split(text, &place, faults) }
}

fn split(text: &str, place: &dyn Fn(usize, usize) -> Span, faults: &mut Vec<Fault>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let open = at + found;
        literal.push_str(&text[at..open]);
        let inner = open + 2;
        // A reference never spans lines and holds no other bracket, so a forgotten `}` is noticed at its own `${`.
        let stop = text[inner..].find(['}', '{', '\n', '"', '\'', ' ']).map(|length| inner + length);
        let Some(close) = stop.filter(|stop| text.as_bytes()[*stop] == b'}') else {
            faults.push(Fault::Unclosed(place(open, inner)));
            at = inner;
            continue;
        };
        let name = &text[inner..close];
        at = close + 1;
        if let Some(verbatim) = name.strip_prefix('!') {
            literal.push_str("${");
            literal.push_str(verbatim);
            literal.push('}');
        } else if name.is_empty() {
            faults.push(Fault::Empty(place(open, at)));
        } else {
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Reference(name.to_owned(), place(inner, close)));
        }
    }
    literal.push_str(&text[at..]);
    if !literal.is_empty() || parts.is_empty() {
        parts.push(Part::Literal(literal));
    }
    parts
}

/// A node with the parts of all strings in it.
pub fn tree(node: &Node, sources: &Sources, faults: &mut Vec<Fault>) -> Tree {
    let data = match &node.data {
        syntax::Data::Null => TreeData::Plain(Json::Null),
        syntax::Data::Bool(value) => TreeData::Plain(json!(value)),
        syntax::Data::Number(number) => TreeData::Plain(Json::Number(number.clone())),
        syntax::Data::String(_) => match parse(node, sources, faults) {
            Some(text) => TreeData::Text(text),
            None => TreeData::Plain(Json::Null),
        },
        syntax::Data::List(items) => TreeData::List(items.iter().map(|item| tree(item, sources, faults)).collect()),
        syntax::Data::Map(entries) => TreeData::Map(
            entries
                .iter()
                .map(|entry| (entry.key.text.clone(), entry.key.span, tree(&entry.value, sources, faults)))
                .collect(),
        ),
    };
    Tree { span: node.span, data }
}

impl Text {
    /// The text, if all of it is written.
    pub fn literal(&self) -> Option<Cow<'_, str>> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }
}

/// Marks the schema of a [`Text`] while the schema of the language is generated.
pub const TEXT_MARK: &str = "x-text";

/// The form of a reference: the name of a component or, in a module, a parameter that stands for one.
pub const REFERENCE_PATTERN: &str = r"^([a-z][a-z0-9]*(-[a-z0-9]+)*|\$\{[A-Z][A-Za-z0-9]*\})$";

/// The form of a text that is nothing but one `${ }`.
pub const DEFERRED_PATTERN: &str = r"^\$\{[^!${}][^${}]*\}$";

/// What a field expects that takes a `${ }` instead of a value.
#[derive(JsonSchema)]
#[schemars(rename = "Deferred", transparent, extend("pattern" = DEFERRED_PATTERN))]
#[allow(dead_code, reason = "only its schema is used")]
struct Deferred(String);

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Setting<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Setting_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<T>(), generator.subschema_for::<Deferred>()]})
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", TEXT_MARK: true})
    }
}

impl JsonSchema for Tree {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Tree".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

impl JsonSchema for Reference {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": REFERENCE_PATTERN})
    }
}

impl JsonSchema for Script {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Script".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<Text>(), generator.subschema_for::<FileReference>()]})
    }
}

// The serde data model has no place for spans, so these types cross it as JSON.

pub(super) fn span_transport(span: Span) -> Json {
    json!([span.file.index(), span.start, span.end])
}

fn span_from(json: &Json) -> Span {
    let part = |at: usize| json.get(at).and_then(Json::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Span { file: FileId::from_index(part(0)), start: part(1), end: part(2) }
}

impl Text {
    pub(super) fn to_transport(&self) -> Json {
        let parts: Vec<Json> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => json!([text]),
                Part::Reference(path, span) => json!([path, span_transport(*span)]),
            })
            .collect();
        json!([span_transport(self.span), parts])
    }

    fn from_transport(json: &Json) -> Self {
        let parts = json.get(1).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let parts = parts
            .iter()
            .map(|part| {
                let text = part.get(0).and_then(Json::as_str).unwrap_or_default().to_owned();
                match part.get(1) {
                    Some(span) => Part::Reference(text, span_from(span)),
                    None => Part::Literal(text),
                }
            })
            .collect();
        Self { span: span_from(&json[0]), parts }
    }
}

impl Tree {
    pub(super) fn to_transport(&self) -> Json {
        let data = match &self.data {
            TreeData::Plain(json) => json!({"plain": json}),
            TreeData::Text(text) => json!({"text": text.to_transport()}),
            TreeData::List(items) => json!({"list": items.iter().map(Self::to_transport).collect::<Vec<_>>()}),
            TreeData::Map(entries) => {
                let entries: Vec<Json> = entries
                    .iter()
                    .map(|(key, span, value)| json!([key, span_transport(*span), value.to_transport()]))
                    .collect();
                json!({"map": entries})
            }
        };
        json!([span_transport(self.span), data])
    }

    fn from_transport(json: &Json) -> Self {
        let items = |json: &Json| json.as_array().cloned().unwrap_or_default();
        let data = &json[1];
        let data = if let Some(text) = data.get("text") {
            TreeData::Text(Text::from_transport(text))
        } else if let Some(list) = data.get("list") {
            TreeData::List(items(list).iter().map(Self::from_transport).collect())
        } else if let Some(map) = data.get("map") {
            let entry = |json: &Json| {
                (json[0].as_str().unwrap_or_default().to_owned(), span_from(&json[1]), Self::from_transport(&json[2]))
            };
            TreeData::Map(items(map).iter().map(entry).collect())
        } else {
            TreeData::Plain(data.get("plain").cloned().unwrap_or_default())
        };
        Self { span: span_from(&json[0]), data }
    }
}

#[derive(Deserialize)]
#[serde(rename = "$Text")]
struct TextTransport(Json);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TextTransport::deserialize(deserializer).map(|transport| Self::from_transport(&transport.0))
    }
}

#[derive(Deserialize)]
#[serde(rename = "$Tree")]
struct TreeTransport(Json);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TreeTransport::deserialize(deserializer).map(|transport| Self::from_transport(&transport.0))
    }
}
