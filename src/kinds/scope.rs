//! What the texts of a blueprint mean: parameters, attributes, references to components.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Attribute, Get, Kind, Place, Port, RESOURCE, of_type};
use crate::blueprint::condition::{Condition, Operand};
use crate::blueprint::text::{Located, Part, Reference, Script, Setting, Text, Tree, TreeData};
use crate::blueprint::{Bound, Frame, Member};
use crate::diagnostics::{Proposal, Sink, alternatives, closest};
use crate::schema::provider;
use crate::source::{Origin, Span};
use crate::template::{Data, Function, Key, Map, PSEUDO_PARAMETERS, Value};

codes! {
    /// `${ }` names nothing that exists.
    ///
    /// It reaches parameters by their name (`${RetentionDays}`), attributes of components (`${archive.arn}`) and the
    /// pseudo parameters of CloudFormation (`${AWS::Region}`). For a literal `${x}`, write `${!x}`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// outputs:
    ///   Bucket: { value: "${archiv.name}" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// outputs:
    ///   Bucket: { value: "${archive.name}" }
    /// ```
    UNKNOWN = Error "unknown-reference";

    /// `${component.attribute}` names an attribute that the component does not have.
    ///
    /// `formwork explain` shows the attributes of a kind. Some exist only with certain settings, such as the key of a
    /// bucket that is encrypted with a key of its own.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// outputs:
    ///   Bucket: { value: "${archive.url}" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// outputs:
    ///   Bucket: { value: "${archive.arn}" }
    /// ```
    ATTRIBUTE = Error "unknown-attribute";

    /// A parameter that holds a list stands in the middle of text.
    ///
    /// CloudFormation substitutes only single values into text; it refuses the template.
    ///
    /// ```yaml
    /// parameters:
    ///   Teams: { type: list, description: The teams. }
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///     description: Tables of ${Teams}
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   Team: { type: string, description: The team. }
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///     description: Tables of ${Team}
    /// ```
    ///
    /// Source: CloudFormation User Guide, "`Fn::Sub`".
    LIST = Error "list-in-text";
}

/// Marks an attribute that is no attribute of `Fn::GetAtt` but a property. No name of CloudFormation has it.
pub const PROPERTY_MARK: char = '@';

/// A use of an attribute, to see afterwards whether the resource behind it was made.
#[derive(Clone, Debug)]
pub struct Use {
    /// The component.
    pub component: String,
    /// The attribute.
    pub attribute: &'static str,
    /// The role of the resource.
    pub role: &'static str,
    /// The properties that give it, with dots between their names.
    pub properties: Vec<String>,
    /// Where it is used.
    pub span: Span,
}

/// What the texts of one file may refer to; all files of a blueprint share what is found.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The name of the blueprint.
    pub blueprint: String,
    frame: usize,
    shared: Rc<Shared>,
}

/// What the files of a blueprint share.
#[derive(Debug, Default)]
struct Shared {
    frames: Vec<Frame>,
    components: BTreeMap<String, Known>,
    files: BTreeMap<(usize, String), Text>,
    /// The files that components take as they are.
    sources: BTreeMap<(usize, String), String>,
    archives: BTreeMap<String, String>,
    sink: RefCell<Sink>,
    uses: RefCell<Vec<Use>>,
    used_parameters: RefCell<BTreeMap<String, Span>>,
}

/// The files that components name, by the frame of the blueprint whose folder they are in and their path.
#[derive(Debug, Default)]
pub struct Read {
    /// Those in which `${ }` has a meaning.
    pub texts: BTreeMap<(usize, String), Text>,
    /// Those that are taken as they are.
    pub sources: BTreeMap<(usize, String), String>,
    /// The keys of the archives that are made of them, by the full names of their components.
    pub archives: BTreeMap<String, String>,
}

/// What is known of a component by its name.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its kind, if that exists.
    pub kind: Option<&'static Kind>,
    /// The type of its one resource, for `kind: resource`.
    pub resource_type: Option<String>,
    /// The frame of its names.
    pub frame: usize,
}

/// What a reference leads to.
#[derive(Debug)]
pub enum Found {
    /// The component of this full name.
    Component(String),
    /// Something else that has the name; what it is, in words.
    Other(String),
    /// Nothing has the name; what may have been meant.
    Nothing,
    /// It was wrong at its origin and is reported there.
    Reported,
}

impl Scope {
    /// The scope of a blueprint's own file.
    pub fn new(
        blueprint: &str,
        frames: Vec<Frame>,
        components: BTreeMap<String, Known>,
        Read { texts: files, sources, archives }: Read,
    ) -> Self {
        let shared = Shared { frames, components, files, sources, archives, ..Shared::default() };
        Self { blueprint: blueprint.to_owned(), frame: 0, shared: Rc::new(shared) }
    }

    /// The scope of another file of the same blueprint.
    #[must_use]
    pub fn at(&self, frame: usize) -> Self {
        Self { frame, ..self.clone() }
    }

    /// Where findings about texts go.
    pub fn sink(&self) -> RefMut<'_, Sink> {
        self.shared.sink.borrow_mut()
    }

    /// What was found so far: the findings, the attributes that were used, the parameters that were used.
    pub fn take(&self) -> (Sink, Vec<Use>, BTreeMap<String, Span>) {
        (self.shared.sink.take(), self.shared.uses.take(), self.shared.used_parameters.take())
    }

    /// The scope of the file that a component is in, by its full name.
    #[must_use]
    pub fn of(&self, full: &str) -> Self {
        self.at(self.shared.components.get(full).map_or(self.frame, |known| known.frame))
    }

    fn names(&self) -> Option<&Frame> {
        self.shared.frames.get(self.frame)
    }

    /// The names of the components of this file.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.names().into_iter().flat_map(|frame| frame.members.iter().map(|(name, member)| (name.as_str(), member)))
    }

    /// The kind of a component, by its full name; for a raw resource the kind that makes such resources.
    ///
    /// Nothing where the kind or the type is wrong, which is reported there.
    pub fn kind(&self, full: &str) -> Option<&'static Kind> {
        let known = self.shared.components.get(full)?;
        let kind = known.kind?;
        match &known.resource_type {
            Some(name) => {
                let exists = name.starts_with("Custom::") || provider::resource_type(name).is_some();
                of_type(name).or(exists.then_some(kind))
            }
            None => Some(kind).filter(|kind| kind.name != RESOURCE),
        }
    }

    /// The type of a component that is a raw resource, by its full name.
    pub fn resource_type(&self, full: &str) -> Option<&str> {
        self.shared.components.get(full)?.resource_type.as_deref()
    }

    /// Whether a component can be used for this, by its full name.
    pub fn serves(&self, full: &str, port: Port) -> bool {
        let Some(kind) = self.kind(full).filter(|kind| kind.ports.contains(&port)) else { return false };
        let standing = self.resource_type(full).and(kind.standing.as_ref());
        standing.is_none_or(|standing| standing.without.iter().all(|(without, _)| *without != port))
    }

    /// The place of a component, by its full name.
    pub fn place(&self, full: &str, origin: Origin) -> Place {
        let standing = self.resource_type(full).and_then(|name| of_type(name)?.standing.as_ref());
        Place { name: full.to_owned(), origin, only: standing.map(|standing| standing.role) }
    }

    /// A text for `Fn::Sub` as a blueprint has it: with the names of components and their attributes for logical ids.
    pub fn shown(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for (full, known) in &self.shared.components {
            let place = self.place(full, Origin::Derived(Span::START));
            for attribute in self.kind(full).map(|kind| kind.attributes).unwrap_or_default() {
                let from = match attribute.get {
                    Get::Ref(role) => place.id(role),
                    Get::Att(role, attribute) => format!("{}.{attribute}", place.id(role)),
                    Get::Property(..) | Get::Text(..) => continue,
                };
                shown = shown.replace(&format!("${{{from}}}"), &format!("${{{full}.{}}}", attribute.name));
            }
            if known.resource_type.is_some() {
                shown = shown.replace(&format!("${{{}}}", place.id("")), &format!("${{{full}.ref}}"));
                shown = shown.replace(&format!("${{{}.", place.id("")), &format!("${{{full}."));
            }
        }
        shown
    }

    /// The component that a reference names.
    pub fn find(&self, reference: &Reference) -> Found {
        if let Some(parameter) = reference.parameter() {
            // What only looks like a key of this blueprint is one from elsewhere.
            if let Some(owner) = Reference::of_attribute(parameter, reference.span()) {
                return match self.find(&owner) {
                    Found::Component(full) if self.serves(&full, Port::Key) => Found::Component(full),
                    _ => Found::Other(format!("`{}` is no key", owner.name())),
                };
            }
            return match self.names().and_then(|frame| frame.parameters.get(parameter)) {
                Some(Bound::Component(full)) => Found::Component(full.clone()),
                Some(Bound::Failed) => Found::Reported,
                Some(Bound::Parameter(_) | Bound::Value(..)) => {
                    Found::Other(format!("`{parameter}` is a parameter that stands for no component"))
                }
                None => Found::Nothing,
            };
        }
        match self.names().and_then(|frame| frame.members.get(reference.name())) {
            Some(Member::Component(full)) => Found::Component(full.clone()),
            Some(Member::Module(_)) => Found::Other(format!("`{}` is a module", reference.name())),
            Some(Member::Repeated(names)) => {
                let example = names.first().map_or_else(String::new, |name| format!(", such as `{name}`"));
                Found::Other(format!("`{}` is repeated; name one of its instances{example}", reference.name()))
            }
            Some(Member::LeftOut) => Found::Other(format!("`{}` is left out by its `when`", reference.name())),
            None => Found::Nothing,
        }
    }

    /// What a text means in a template.
    pub fn value(&self, text: &Text) -> Value {
        let origin = Origin::Written(text.span);
        match text.parts.as_slice() {
            [Part::Literal(literal)] => Value::string(origin, literal),
            [Part::Reference(path, span)] => {
                self.resolve(path, *span, origin).unwrap_or_else(|| Value::string(origin, ""))
            }
            parts => {
                let mut sub = String::new();
                for part in parts {
                    match part {
                        Part::Literal(literal) => sub.push_str(&escape(literal)),
                        Part::Reference(path, span) => {
                            let Some(value) = self.resolve(path, *span, origin) else { continue };
                            if self.is_list(path) {
                                self.sink()
                                    .report(&LIST, *span, format!("parameter `{path}` is a list"))
                                    .help("use a parameter that holds one value, or a field that takes a list");
                            }
                            sub.push_str(&substitution(&value));
                        }
                    }
                }
                Value::sub_or_string(origin, sub)
            }
        }
    }

    /// What JSON with texts means in a template.
    pub fn tree(&self, tree: &Tree) -> Value {
        let origin = Origin::Written(tree.span);
        let data = match &tree.data {
            TreeData::Plain(serde_json::Value::Bool(value)) => Data::Bool(*value),
            TreeData::Plain(serde_json::Value::Number(number)) => Data::Number(number.clone()),
            TreeData::Plain(_) => Data::Null,
            TreeData::Text(text) => return self.value(text),
            TreeData::List(items) => Data::List(items.iter().map(|item| self.tree(item)).collect()),
            TreeData::Map(entries) => Data::Map(Map(entries
                .iter()
                .map(|(key, span, value)| (Key { text: key.clone(), origin: Origin::Written(*span) }, self.tree(value)))
                .collect())),
        };
        Value::new(origin, data)
    }

    /// A value that is written, or what gives it at deployment.
    pub fn setting<T: Clone + Into<serde_json::Number>>(&self, setting: &Setting<T>) -> Value {
        match setting {
            Setting::Known(known) => {
                Value::new(Origin::Written(known.span()), Data::Number(known.value.clone().into()))
            }
            Setting::Deferred(text) => self.value(text),
        }
    }

    /// A file as it is.
    pub fn source(&self, file: &Located<String>) -> Option<&str> {
        self.shared.sources.get(&(self.frame, file.value.clone())).map(String::as_str)
    }

    /// The key of the archive of a component, by its full name.
    pub fn archive(&self, full: &str) -> Option<&str> {
        self.shared.archives.get(full).map(String::as_str)
    }

    /// The text of a script, from its file if it has one.
    pub fn script(&self, script: &Script) -> Value {
        match (self.script_text(script), script) {
            (Some(text), _) | (None, Script::Inline(text)) => self.value(text),
            (None, Script::File(reference)) => Value::string(Origin::Written(reference.file.span()), ""),
        }
    }

    /// The parts of a script; `None` where its file could not be read.
    pub fn script_text<'a>(&'a self, script: &'a Script) -> Option<&'a Text> {
        match script {
            Script::Inline(text) => Some(text),
            Script::File(reference) => self.shared.files.get(&(self.frame, reference.file.value.clone())),
        }
    }

    /// The ARN of the key that a reference names; nothing where it names no key, which its wire reports.
    pub fn key_arn(&self, key: &Reference) -> Option<Value> {
        self.arn(key, Port::Key)
    }

    /// The ARN of the component that a reference names, if it may be used so; otherwise its wire reports it.
    pub fn arn(&self, reference: &Reference, port: Port) -> Option<Value> {
        let Found::Component(full) = self.find(reference) else { return None };
        if !self.serves(&full, port) {
            return None;
        }
        self.attribute(&full, reference.name(), "arn", reference.span(), Origin::Derived(reference.span()))
    }

    fn resolve(&self, path: &str, span: Span, origin: Origin) -> Option<Value> {
        if path.starts_with("AWS::") {
            if PSEUDO_PARAMETERS.contains(&path) {
                return Some(Value::reference(origin, path));
            }
            self.sink()
                .report(&UNKNOWN, span, format!("no pseudo parameter `{path}`"))
                .help(closest(path, PSEUDO_PARAMETERS.iter().copied()).map_or_else(
                    || format!("there are {}", alternatives(PSEUDO_PARAMETERS.iter().copied())),
                    |name| format!("did you mean `{name}`?"),
                ))
                .meant(path, PSEUDO_PARAMETERS.iter().copied());
            return None;
        }
        let Some((head, attribute)) = path.split_once('.') else {
            return self.parameter(path, span, origin);
        };
        let frame = self.names()?;
        if let Some(bound) = frame.parameters.get(head) {
            return match bound {
                Bound::Component(full) => self.attribute(full, head, attribute, span, origin),
                Bound::Failed => None,
                Bound::Parameter(_) | Bound::Value(..) => {
                    self.sink()
                        .report(&UNKNOWN, span, format!("parameter `{head}` has no attributes"))
                        .help(format!("write `${{{head}}}`"));
                    None
                }
            };
        }
        match frame.members.get(head) {
            Some(Member::Component(full)) => self.attribute(full, head, attribute, span, origin),
            Some(Member::Module(module)) => self.output(*module, head, attribute, span, origin),
            Some(Member::Repeated(names)) => self.attributes(names, head, attribute, span, origin),
            Some(Member::LeftOut) => {
                self.sink()
                    .report(&UNKNOWN, span, format!("`{head}` is left out by its `when`"))
                    .help("give what uses it the same `when`");
                None
            }
            None => {
                let names = frame.members.keys().map(String::as_str);
                let help = closest(head, names).map_or_else(
                    || format!("add a component `{head}`, or write `${{!{path}}}` for the text itself"),
                    |name| format!("did you mean `{name}.{attribute}`?"),
                );
                let full: Vec<String> = frame.members.keys().map(|name| format!("{name}.{attribute}")).collect();
                self.sink()
                    .report(&UNKNOWN, span, format!("no component `{head}`"))
                    .help(help)
                    .meant(path, full.iter().map(String::as_str));
                None
            }
        }
    }

    /// An attribute of the component with this full name; `shown` is how the text names it.
    fn attribute(&self, full: &str, shown: &str, attribute: &str, span: Span, origin: Origin) -> Option<Value> {
        let known = self.shared.components.get(full)?;
        let place = self.place(full, origin);
        let own = of_type(known.resource_type.as_deref().unwrap_or_default()).map(|kind| kind.attributes);
        let found = own.unwrap_or_default().iter().find(|one| one.name == attribute);
        if let Some(found) = found.filter(|found| place.only == Some(found.get.role())) {
            return Some(self.give(full, found, &place, span));
        }
        if let Some(resource_type) = &known.resource_type {
            if attribute == "ref" {
                return Some(place.reference(""));
            }
            let provider = provider::resource_type(resource_type)?;
            if provider.has_attribute(attribute) {
                return Some(place.attribute("", attribute));
            }
            let names = provider.attributes();
            let like_kind = own.unwrap_or_default().iter().filter(|one| place.only == Some(one.get.role()));
            let names: Vec<&str> = like_kind.map(|one| one.name).chain(names.iter().map(String::as_str)).collect();
            let help = closest(attribute, names.iter().copied()).map_or_else(
                || format!("`{resource_type}` has `ref` and {}", alternatives(names.iter().copied())),
                |name| format!("did you mean `{shown}.{name}`?"),
            );
            self.report_no_attribute(span, shown, attribute, &names, help);
            return None;
        }
        // A component whose own kind is wrong is reported there, not at everyone who uses it.
        let kind = known.kind?;
        let Some(found) = kind.attributes.iter().find(|known| known.name == attribute) else {
            let names: Vec<&str> = kind.attributes.iter().map(|known| known.name).collect();
            let help = match closest(attribute, names.iter().copied()) {
                Some(name) => format!("did you mean `{shown}.{name}`?"),
                None => format!("a `{}` has {}", kind.name, alternatives(names.iter().copied())),
            };
            self.report_no_attribute(span, shown, attribute, &names, help);
            return None;
        };
        Some(self.give(full, found, &place, span))
    }

    fn report_no_attribute(&self, span: Span, shown: &str, attribute: &str, names: &[&str], help: String) {
        let full: Vec<String> = names.iter().map(|name| format!("{shown}.{name}")).collect();
        self.sink()
            .report(&ATTRIBUTE, span, format!("`{shown}` has no attribute `{attribute}`"))
            .help(help)
            .meant(&format!("{shown}.{attribute}"), full.iter().map(String::as_str));
    }

    /// The value of an attribute that a kind has.
    fn give(&self, full: &str, found: &Attribute, place: &Place, span: Span) -> Value {
        let origin = place.origin;
        let mut properties = Vec::new();
        let value = match found.get {
            Get::Ref(role) => place.reference(role),
            Get::Att(role, attribute) => place.attribute(role, attribute),
            Get::Property(role, path) => {
                properties.push(path.join("."));
                place.attribute(role, &format!("{PROPERTY_MARK}{}", path.join(".")))
            }
            Get::Text(role, text) => {
                let id = place.id(role);
                let mut sub = String::new();
                // `${…}` is for CloudFormation, `{…}` for us.
                for (at, piece) in text.split('{').enumerate() {
                    let ours = piece.split_once('}').filter(|_| at > 0 && !sub.ends_with('$'));
                    if let Some((path, rest)) = ours {
                        sub.extend(["${", id.as_str()]);
                        if !path.is_empty() {
                            properties.push(path.to_owned());
                            sub.push('.');
                            sub.push(PROPERTY_MARK);
                            sub.push_str(path);
                        }
                        sub.extend(["}", rest]);
                    } else {
                        sub.extend([if at > 0 { "{" } else { "" }, piece]);
                    }
                }
                Value::sub(origin, sub)
            }
        };
        let role = found.get.role();
        let component = full.to_owned();
        self.shared.uses.borrow_mut().push(Use { component, attribute: found.name, role, properties, span });
        value
    }

    /// An output of a module.
    fn output(&self, module: usize, shown: &str, name: &str, span: Span, origin: Origin) -> Option<Value> {
        let outputs = &self.shared.frames.get(module)?.outputs;
        let Some(text) = outputs.get(name) else {
            let help = match closest(name, outputs.keys().map(String::as_str)) {
                Some(name) => format!("did you mean `{shown}.{name}`?"),
                None if outputs.is_empty() => "the module has no outputs".to_owned(),
                None => format!("the module has {}", alternatives(outputs.keys().map(String::as_str))),
            };
            let full: Vec<String> = outputs.keys().map(|name| format!("{shown}.{name}")).collect();
            self.sink()
                .report(&ATTRIBUTE, span, format!("module `{shown}` has no output `{name}`"))
                .help(help)
                .meant(&format!("{shown}.{name}"), full.iter().map(String::as_str));
            return None;
        };
        Some(Value { origin, ..self.at(module).value(text) })
    }

    /// An attribute of all instances of a component, as a list.
    fn attributes(&self, names: &[String], shown: &str, path: &str, span: Span, origin: Origin) -> Option<Value> {
        let Some(attribute) = path.strip_prefix("*.") else {
            let example =
                names.first().map_or_else(String::new, |name| format!("`{name}.{path}` for one of them, or "));
            self.sink()
                .report(&UNKNOWN, span, format!("`{shown}` is repeated"))
                .help(format!("write {example}`{shown}.*.{path}` for all of them"));
            return None;
        };
        let all: Option<Vec<Value>> =
            names.iter().map(|name| self.resolve(&format!("{name}.{attribute}"), span, origin)).collect();
        Some(Value::new(origin, Data::List(all?)))
    }

    fn is_list(&self, name: &str) -> bool {
        self.names().is_some_and(|frame| matches!(frame.parameters.get(name), Some(Bound::Parameter(true))))
    }

    fn parameter(&self, name: &str, span: Span, origin: Origin) -> Option<Value> {
        let frame = self.names()?;
        match frame.parameters.get(name) {
            Some(Bound::Parameter(_)) => {
                self.shared.used_parameters.borrow_mut().entry(name.to_owned()).or_insert(span);
                return Some(Value::reference(origin, name));
            }
            Some(Bound::Value(tree, of)) => return Some(self.at(*of).tree(tree)),
            Some(Bound::Component(_)) => {
                self.sink()
                    .report(&UNKNOWN, span, format!("`{name}` stands for a component"))
                    .help(format!("write `${{{name}.name}}` or another of its attributes"));
                return None;
            }
            Some(Bound::Failed) => return None,
            None => {}
        }
        let pseudo = PSEUDO_PARAMETERS.iter().find(|pseudo| pseudo.strip_prefix("AWS::") == Some(name));
        let help = if let Some(Member::Component(full)) = frame.members.get(name) {
            let first = self.kind(full).and_then(|kind| kind.attributes.first()).map_or("attribute", |one| one.name);
            format!("`{name}` is a component; write `${{{name}.{first}}}` for its {first}")
        } else if let Some(pseudo) = pseudo {
            format!("did you mean `{pseudo}`?")
        } else if let Some(close) = closest(name, frame.parameters.keys().map(String::as_str)) {
            format!("did you mean `{close}`?")
        } else {
            format!("add `{name}` to `parameters`, or write `${{!{name}}}` for the text itself")
        };
        let mut sink = self.sink();
        let finding = sink.report(&UNKNOWN, span, format!("no parameter `{name}`")).help(help);
        if let Some(pseudo) = pseudo {
            let meant = Proposal::Name { given: name.to_owned(), meant: (*pseudo).to_owned() };
            finding.propose(Some(meant));
        } else if !frame.members.contains_key(name) {
            finding.meant(name, frame.parameters.keys().map(String::as_str));
        }
        None
    }

    /// What a condition means in a template.
    pub fn condition(&self, condition: &Condition, span: Span) -> Value {
        let origin = Origin::Written(span);
        let list = |items: Vec<Value>| Value::new(origin, Data::List(items));
        let all = |parts: &[Condition]| list(parts.iter().map(|part| self.condition(part, span)).collect());
        match condition {
            Condition::Always(value) => {
                let word = |value: bool| Value::string(origin, if value { "true" } else { "false" });
                Value::call(origin, Function::Equals, list(vec![word(*value), word(true)]))
            }
            Condition::Equals(left, right) => {
                let operand = |operand: &Operand| match operand {
                    Operand::Text(text) => Value::string(origin, text.as_str()),
                    Operand::Reference(name, span) => {
                        self.resolve(name, *span, origin).unwrap_or_else(|| Value::string(origin, ""))
                    }
                };
                Value::call(origin, Function::Equals, list(vec![operand(left), operand(right)]))
            }
            Condition::Not(inner) => Value::call(origin, Function::Not, list(vec![self.condition(inner, span)])),
            Condition::All(parts) => Value::call(origin, Function::And, all(parts)),
            Condition::Any(parts) => Value::call(origin, Function::Or, all(parts)),
        }
    }

    /// A condition with everything decided that is known when formwork runs, and no names but those of the template.
    pub fn decide(&self, condition: Condition) -> Condition {
        let text = |name: &str| match self.names()?.parameters.get(name)? {
            Bound::Value(tree, of) => {
                let value = self.at(*of).tree(tree);
                match value.data {
                    Data::String(text) => Some(text),
                    Data::Bool(value) => Some(value.to_string()),
                    Data::Number(number) => Some(number.to_string()),
                    _ => None,
                }
            }
            _ => None,
        };
        condition.simplify(&text)
    }
}

/// Literal text as `Fn::Sub` needs it: `${` would start a reference there.
fn escape(literal: &str) -> String {
    literal.replace("${", "${!")
}

/// A value as `Fn::Sub` names it.
pub fn substitution(value: &Value) -> String {
    match &value.data {
        Data::Call(Function::Sub, argument) => argument.as_str().unwrap_or_default().to_owned(),
        Data::Call(Function::Ref, argument) => format!("${{{}}}", argument.as_str().unwrap_or_default()),
        Data::Call(Function::GetAtt, argument) => {
            let parts: Vec<&str> = argument.as_list().unwrap_or_default().iter().filter_map(Value::as_str).collect();
            format!("${{{}}}", parts.join("."))
        }
        Data::String(text) => escape(text),
        Data::Bool(value) => value.to_string(),
        Data::Number(number) => number.to_string(),
        // All instances of a component, in the middle of text.
        Data::List(items) => items.iter().map(substitution).collect::<Vec<_>>().join(","),
        _ => String::new(),
    }
}
