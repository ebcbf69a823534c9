//! The language: what a blueprint says, apart from what the kinds make of it.
//!
//! This layer knows no kind and no resource type. Its outcome is a [`Blueprint`] whose components are still trees.

pub mod decode;
mod evaluate;
pub mod parameters;
pub mod text;

use schemars::JsonSchema;
use serde::Deserialize;

use self::parameters::Parameter;
use self::text::{Located, Text};
use crate::diagnostics::Sink;
use crate::source::{Sources, Span};
use crate::syntax::{Data, Entry, Key, Node};

pub use evaluate::CODES as EXPRESSION_CODES;

/// Names of blueprints and components: kebab case.
pub const NAME_PATTERN: &str = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";

/// Names of parameters and outputs. Source: CloudFormation User Guide, "Parameters": alphanumeric logical ids; that
/// the first letter is a capital tells them from components.
pub const PARAMETER_PATTERN: &str = "^[A-Z][A-Za-z0-9]{0,254}$";

/// Versions: three numbers as in Semantic Versioning, with an optional pre-release.
pub const VERSION_PATTERN: &str = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$";

codes! {
    /// A CloudFormation tag such as `!Ref` stands in a blueprint.
    ///
    /// Blueprints have one way to reach parameters, attributes and pseudo parameters: `${ }`. It works in the middle
    /// of text too, and its names are checked.
    ///
    /// ```yaml
    /// parameters:
    ///   Name: { type: string, description: Name of the bucket. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     name: !Ref Name
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   Name: { type: string, description: Name of the bucket. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     name: ${Name}
    /// ```
    TAG = Error "tag-in-blueprint";
}

/// A blueprint.
#[derive(Debug)]
pub struct Blueprint {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is, in a few words.
    pub title: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// The place of its name.
    pub span: Span,
    /// Its parameters, in order.
    pub parameters: Vec<(Key, Parameter)>,
    /// Its components, in order.
    pub components: Vec<Declared>,
    /// Its outputs, in order.
    pub outputs: Vec<(Key, Output)>,
}

/// A component as it is written.
#[derive(Debug)]
pub struct Declared {
    /// Its name.
    pub key: Key,
    /// The word after `kind`, with its place.
    pub kind: Option<(String, Span)>,
    /// The fields of its kind: everything but `kind` and `allow`.
    pub fields: Node,
    /// The findings that it acknowledges.
    pub allow: Vec<Allowance>,
    /// All of it, from its name to its end.
    pub span: Span,
}

/// A value that the stack gives to whoever deploys it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The value; `${ }` reaches parameters and attributes of components.
    pub value: Text,
    /// What the value is for.
    pub description: Option<String>,
    /// A name under which other stacks of the account and region import the value.
    pub export: Option<Text>,
}

/// A finding that is known and accepted, with the reason.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// The name of the finding, as shown in brackets and explained by `formwork explain`.
    pub code: Located<String>,
    /// Why it is fine here.
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// What a file says, with all of its expressions evaluated.
pub fn evaluate(mut root: Node, sources: &Sources, sink: &mut Sink) -> Node {
    refuse_tags(&root, sink);
    let Data::Map(entries) = &mut root.data else { return root };
    let mut scope = evaluate::Scope::default();
    if let Some(bindings) = entries.iter_mut().find(|entry| entry.key.text == "let")
        && let Data::Map(bindings) = &mut bindings.value.data
    {
        for binding in bindings {
            let value = std::mem::replace(&mut binding.value, null(binding.key.span));
            let before = sink.diagnostics().len();
            binding.value = scope.evaluate(value, sources, sink);
            let failed = sink.diagnostics().len() > before;
            scope.bind(&binding.key.text, &binding.value, failed);
        }
    }
    for entry in entries.iter_mut().filter(|entry| entry.key.text != "let") {
        let value = std::mem::replace(&mut entry.value, null(entry.key.span));
        entry.value = scope.evaluate(value, sources, sink);
    }
    root
}

fn null(span: Span) -> Node {
    Node { span, tag: None, data: Data::Null }
}

fn refuse_tags(node: &Node, sink: &mut Sink) {
    if let Some(tag) = &node.tag {
        sink.report(&TAG, tag.span, format!("`!{}` is a tag of CloudFormation templates", tag.name))
            .help("write `${Name}` for a parameter and `${component.attribute}` for an attribute");
    }
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| refuse_tags(item, sink)),
        Data::Map(entries) => entries.iter().for_each(|entry| refuse_tags(&entry.value, sink)),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
    }
}

/// The entry of a map with this key.
pub fn entry<'a>(node: &'a Node, key: &str) -> Option<&'a Entry> {
    match &node.data {
        Data::Map(entries) => entries.iter().find(|entry| entry.key.text == key),
        _ => None,
    }
}

fn entries(node: &Node, key: &str) -> Vec<Entry> {
    match entry(node, key).map(|entry| &entry.value.data) {
        Some(Data::Map(entries)) => entries.clone(),
        _ => Vec::new(),
    }
}

fn string(node: &Node, key: &str) -> Option<String> {
    match entry(node, key).map(|entry| &entry.value.data) {
        Some(Data::String(scalar)) => Some(scalar.text.clone()),
        _ => None,
    }
}

impl Blueprint {
    /// The blueprint of an evaluated tree. What does not fit the schema is left out; the schema check reports it.
    pub fn from_node(root: &Node, sources: &Sources, faults: &mut Vec<text::Fault>) -> Self {
        let section = |name: &str| -> Vec<(Key, Node)> {
            entries(root, name).into_iter().map(|entry| (entry.key, entry.value)).collect()
        };
        let parameters = section("parameters");
        let outputs = section("outputs");
        let components = section("components");
        Self {
            name: string(root, "blueprint").unwrap_or_default(),
            version: string(root, "version").unwrap_or_default(),
            title: string(root, "title"),
            description: string(root, "description"),
            span: entry(root, "blueprint").map_or(root.span, |entry| entry.value.span),
            parameters: parameters
                .into_iter()
                .filter_map(|(key, node)| Some((key, decode::decode(&node, sources, faults).ok()?)))
                .collect(),
            outputs: outputs
                .into_iter()
                .filter_map(|(key, node)| Some((key, decode::decode(&node, sources, faults).ok()?)))
                .collect(),
            components: components.into_iter().map(|(key, node)| Declared::new(key, node, sources, faults)).collect(),
        }
    }
}

impl Declared {
    fn new(key: Key, mut node: Node, sources: &Sources, faults: &mut Vec<text::Fault>) -> Self {
        let kind = entry(&node, "kind").and_then(|entry| match &entry.value.data {
            Data::String(scalar) => Some((scalar.text.clone(), entry.value.span)),
            _ => None,
        });
        let allow = entry(&node, "allow").and_then(|entry| decode::decode(&entry.value, sources, faults).ok());
        if let Data::Map(entries) = &mut node.data {
            entries.retain(|entry| entry.key.text != "kind" && entry.key.text != "allow");
        }
        let end = node.span.end.max(key.span.end);
        let span = Span { file: key.span.file, start: key.span.start, end };
        Self { key, kind, fields: node, allow: allow.unwrap_or_default(), span }
    }
}
