//! The language: what a blueprint says, apart from what the kinds make of it.
//!
//! This layer knows no kind and no resource type. Its outcome is a [`Blueprint`] whose components are still trees.

pub mod case;
pub mod condition;
pub mod contract;
pub mod decode;
mod evaluate;
pub mod expand;
pub mod parameters;
pub mod project;
pub mod text;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use self::condition::Condition;
use self::parameters::Parameter;
use self::text::{Located, Text, Tree};
use crate::diagnostics::Sink;
use crate::schema::Segment;
use crate::source::{Sources, Span};
use crate::syntax::{Data, Entry, Key, Node};

/// The codes of the language, part by part.
pub static ALL_CODES: &[&[&crate::diagnostics::Code]] =
    &[CODES, condition::CODES, evaluate::CODES, expand::CODES, parameters::CODES];

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

/// A blueprint with all that it uses.
#[derive(Debug, Default)]
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
    pub span: Option<Span>,
    /// Its own parameters, in order.
    pub parameters: Vec<(Key, Parameter)>,
    /// All components, those of modules after the component that uses the module.
    pub components: Vec<Declared>,
    /// Its own outputs, in order.
    pub outputs: Vec<(Key, Output)>,
    /// Where names are looked up: the first frame is that of the blueprint itself, the others those of its modules.
    pub frames: Vec<Frame>,
}

/// What the names in one file mean.
#[derive(Debug, Default)]
pub struct Frame {
    /// What the names of its components start with in the whole: `alarms-` in the module used as `alarms`.
    pub prefix: String,
    /// The frame that uses it, and where; `None` for the blueprint itself.
    pub user: Option<(usize, Span)>,
    /// Its components and modules.
    pub members: BTreeMap<String, Member>,
    /// Its parameters.
    pub parameters: BTreeMap<String, Bound>,
    /// Its outputs.
    pub outputs: BTreeMap<String, Text>,
}

/// What the name of a component stands for.
#[derive(Clone, Debug)]
pub enum Member {
    /// The component of this full name.
    Component(String),
    /// The module of this frame.
    Module(usize),
    /// Several members of the same frame, made by `for_each`.
    Repeated(Vec<String>),
    /// Nothing: it is left out by its `when`.
    LeftOut,
}

/// What a parameter stands for.
#[derive(Debug)]
pub enum Bound {
    /// A parameter of the template; whether it is a list.
    Parameter(bool),
    /// A value, whose names are looked up in the frame of this position.
    Value(Tree, usize),
    /// The component of this full name.
    Component(String),
    /// Something that was wrong and is reported.
    Failed,
}

/// A component as it is written.
#[derive(Debug)]
pub struct Declared {
    /// Its name in its file.
    pub key: Key,
    /// Its name in the whole: that of the module that it is in, `-`, and its own.
    pub name: String,
    /// The frame that its names are looked up in.
    pub frame: usize,
    /// The word after `kind`, with its place.
    pub kind: Option<(String, Span)>,
    /// The fields of its kind: everything but those that all components have.
    pub fields: Node,
    /// The findings that it acknowledges.
    pub allow: Vec<Allowance>,
    /// The conditions under which it exists, each with the frame of its names and its place: that of the module first.
    pub when: Vec<(Condition, usize, Span)>,
    /// Raw properties by the role of the resource that they are merged into.
    pub overrides: Option<Tree>,
    /// What the events are that come to it.
    pub contract: Option<contract::Written>,
    /// What is wrong in it by the schema, as paths from its fields.
    wrong: Vec<Vec<Segment>>,
    /// All of it, from its name to its end.
    pub span: Span,
}

/// Fields that components of every kind have, and that are not part of their models.
pub const COMMON_FIELDS: &[&str] = &["allow", "contract", "for_each", "kind", "overrides", "use", "when", "with"];

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
    /// Whether there is such an output: a parameter, or an expression of parameters such as `${Stage} == prod`.
    pub when: Option<Text>,
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

/// The entries of a map in a map; none if there is no such map.
pub fn section<'a>(node: &'a Node, key: &str) -> &'a [Entry] {
    match entry(node, key).map(|entry| &entry.value.data) {
        Some(Data::Map(entries)) => entries,
        _ => &[],
    }
}

/// The text of a field, if it is text.
pub fn string(node: &Node, key: &str) -> Option<String> {
    match entry(node, key).map(|entry| &entry.value.data) {
        Some(Data::String(scalar)) => Some(scalar.text.clone()),
        _ => None,
    }
}

/// The parts of a section that fit their model; the schema check reports the others.
pub fn decoded<T: serde::de::DeserializeOwned>(
    root: &Node,
    name: &str,
    sources: &Sources,
    faults: &mut Vec<text::Fault>,
) -> Vec<(Key, T)> {
    section(root, name)
        .iter()
        .filter_map(|entry| Some((entry.key.clone(), decode::decode(&entry.value, sources, faults).ok()?)))
        .collect()
}

/// Removes what a path leads to.
fn remove(node: &mut Node, path: &[Segment]) {
    match (path, &mut node.data) {
        ([Segment::Key(name)], Data::Map(entries)) => entries.retain(|entry| entry.key.text != *name),
        ([Segment::Key(name), rest @ ..], Data::Map(entries)) => {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key.text == *name) {
                remove(&mut entry.value, rest);
            }
        }
        ([Segment::Index(index)], Data::List(items)) if *index < items.len() => {
            items.remove(*index);
        }
        ([Segment::Index(index), rest @ ..], Data::List(items)) => {
            if let Some(item) = items.get_mut(*index) {
                remove(item, rest);
            }
        }
        _ => {}
    }
}

impl Declared {
    /// The component of an entry, in the frame of this position.
    pub fn new(
        entry: &Entry,
        (frame, prefix): (usize, &str),
        sources: &Sources,
        faults: &mut Vec<text::Fault>,
    ) -> Self {
        let Entry { key, value: node } = entry;
        let kind = self::entry(node, "kind").and_then(|entry| match &entry.value.data {
            Data::String(scalar) => Some((scalar.text.clone(), entry.value.span)),
            _ => None,
        });
        // One that is wrong is reported by the schema, and does not take the others with it.
        let allow = match expand::field(node, "allow").map(|node| &node.data) {
            Some(Data::List(items)) => {
                items.iter().filter_map(|item| decode::decode(item, sources, faults).ok()).collect()
            }
            _ => Vec::new(),
        };
        let overrides = expand::field(node, "overrides").map(|node| text::tree(node, sources, faults));
        let contract = expand::field(node, "contract").and_then(contract::Written::read);
        let mut fields = node.clone();
        if let Data::Map(entries) = &mut fields.data {
            entries.retain(|entry| !COMMON_FIELDS.contains(&entry.key.text.as_str()));
        }
        let end = node.span.end.max(key.span.end);
        let span = Span { file: key.span.file, start: key.span.start, end };
        Self {
            key: key.clone(),
            name: format!("{prefix}{}", key.text),
            frame,
            kind,
            fields,
            allow,
            when: Vec::new(),
            overrides,
            contract,
            wrong: Vec::new(),
            span,
        }
    }

    /// Notes what is wrong in it by the schema, given by paths from the top of the file.
    pub fn note_wrong(&mut self, wrong: &[Vec<Segment>]) {
        self.wrong = wrong
            .iter()
            .filter_map(|path| match path.as_slice() {
                [Segment::Key(section), Segment::Key(name), rest @ ..]
                    if section == "components" && *name == self.key.text && !rest.is_empty() =>
                {
                    Some(rest.to_vec())
                }
                _ => None,
            })
            .collect();
        let position = |segment: &Segment| match segment {
            Segment::Index(index) => *index,
            Segment::Key(_) => 0,
        };
        // From the last item of a list to the first, so that positions stay true while they are taken out.
        self.wrong.sort_by(|a, b| b.iter().map(position).cmp(a.iter().map(position)));
        self.wrong.dedup();
    }

    /// Its fields without what is wrong, so that the rest can be understood: one mistake does not hide another.
    pub fn sound_fields(&self) -> Node {
        let mut fields = self.fields.clone();
        for path in &self.wrong {
            remove(&mut fields, path);
        }
        fields
    }
}
