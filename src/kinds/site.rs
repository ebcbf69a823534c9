//! Where a component is composed: its ids, what its texts mean, what it was granted, and the resources it adds.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;

use super::{Component, Get, Grant, Kind, Metrics, Port};
use crate::blueprint::text::{Part, Reference, Script, Setting, Text, Tree, TreeData};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::{Effect, Statement, document};
use crate::template::{Data, Function, Key, Map, Removal, Resource, Value};

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

/// The pseudo parameters. Source: CloudFormation User Guide, "Get AWS values using pseudo parameters".
const PSEUDO_PARAMETERS: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// The name of a component, and the ids that follow from it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The component's name in the blueprint.
    pub name: String,
    /// The place of its name, as the origin of what it makes.
    pub origin: Origin,
}

impl Place {
    /// The logical id of the resource that has this role in the component.
    ///
    /// Ids are a public contract: they follow from names alone, whatever else the blueprint holds.
    pub fn id(&self, role: &str) -> String {
        let mut id = pascal_case(&self.name);
        id.push_str(role);
        id
    }

    /// `!Ref` to the resource with this role.
    pub fn reference(&self, role: &str) -> Value {
        Value::reference(self.origin, &self.id(role))
    }

    /// `!GetAtt` of the resource with this role.
    pub fn attribute(&self, role: &str, attribute: &str) -> Value {
        Value::attribute(self.origin, &self.id(role), attribute)
    }
}

/// `service-event-audit` as `ServiceEventAudit`.
pub fn pascal_case(name: &str) -> String {
    name.split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

/// A use of an attribute, to see afterwards whether the resource behind it was made.
#[derive(Clone, Debug)]
pub struct Use {
    /// The component.
    pub component: String,
    /// The attribute.
    pub attribute: &'static str,
    /// The role of the resource.
    pub role: &'static str,
    /// Where it is used.
    pub span: Span,
}

/// What the texts of a blueprint may refer to.
#[derive(Debug, Default)]
pub struct Scope {
    /// The name of the blueprint.
    pub blueprint: String,
    /// Each parameter, and whether it is a list.
    pub parameters: BTreeMap<String, bool>,
    /// Each component and its kind; `None` where the kind is unknown.
    pub components: BTreeMap<String, Option<&'static Kind>>,
    /// The texts of the files that the components name, by path.
    pub files: BTreeMap<String, Text>,
    sink: RefCell<Sink>,
    uses: RefCell<Vec<Use>>,
    used_parameters: RefCell<BTreeMap<String, Span>>,
}

impl Scope {
    /// A scope in which there is nothing but the name of the blueprint.
    pub fn new(blueprint: &str) -> Self {
        Self { blueprint: blueprint.to_owned(), ..Self::default() }
    }

    /// Where findings about texts go.
    pub fn sink(&self) -> RefMut<'_, Sink> {
        self.sink.borrow_mut()
    }

    /// Ends the scope: its findings, the attributes that were used, the parameters that were used.
    pub fn finish(self) -> (Sink, Vec<Use>, BTreeMap<String, Span>) {
        (self.sink.into_inner(), self.uses.into_inner(), self.used_parameters.into_inner())
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
                            if self.parameters.get(path) == Some(&true) {
                                self.sink().report(&LIST, *span, format!("parameter `{path}` is a list"));
                            }
                            if let Some(value) = self.resolve(path, *span, origin) {
                                sub.push_str(&substitution(&value));
                            }
                        }
                    }
                }
                Value::sub(origin, sub)
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

    /// The text of a script, from its file if it has one.
    pub fn script(&self, script: &Script) -> Value {
        match script {
            Script::Inline(text) => self.value(text),
            Script::File(reference) => match self.files.get(&reference.file.value) {
                Some(text) => self.value(text),
                None => Value::string(Origin::Written(reference.file.span()), ""),
            },
        }
    }

    /// The ARN of the key that a reference names; nothing where it names no key, which its wire reports.
    pub fn key_arn(&self, key: &Reference) -> Option<Value> {
        let kind = self.components.get(key.name()).copied().flatten()?;
        let origin = Origin::Derived(key.span());
        if !kind.ports.contains(&Port::Key) {
            return None;
        }
        self.resolve(&format!("{}.arn", key.name()), key.span(), origin)
    }

    fn resolve(&self, path: &str, span: Span, origin: Origin) -> Option<Value> {
        if path.starts_with("AWS::") {
            if PSEUDO_PARAMETERS.contains(&path) {
                return Some(Value::reference(origin, path));
            }
            self.sink()
                .report(&UNKNOWN, span, format!("no pseudo parameter `{path}`"))
                .help(format!("there are {}", alternatives(PSEUDO_PARAMETERS.iter().copied())));
            return None;
        }
        let Some((component, attribute)) = path.split_once('.') else {
            return self.parameter(path, span, origin);
        };
        let Some(kind) = self.components.get(component) else {
            let help = closest(component, self.components.keys().map(String::as_str))
                .map(|name| format!("did you mean `{name}.{attribute}`?"));
            self.sink().report(&UNKNOWN, span, format!("no component `{component}`")).maybe_help(help);
            return None;
        };
        // A component whose own kind is wrong is reported there, not at everyone who uses it.
        let kind = (*kind)?;
        let Some(found) = kind.attributes.iter().find(|known| known.name == attribute) else {
            let names: Vec<&str> = kind.attributes.iter().map(|known| known.name).collect();
            let help = match closest(attribute, names.iter().copied()) {
                Some(name) => format!("did you mean `{component}.{name}`?"),
                None => format!("a `{}` has {}", kind.name, alternatives(names)),
            };
            self.sink().report(&ATTRIBUTE, span, format!("`{component}` has no attribute `{attribute}`")).help(help);
            return None;
        };
        let place = Place { name: component.to_owned(), origin };
        let (role, value) = match found.get {
            Get::Ref(role) => (role, place.reference(role)),
            Get::Att(role, attribute) => (role, place.attribute(role, attribute)),
        };
        self.uses.borrow_mut().push(Use { component: component.to_owned(), attribute: found.name, role, span });
        Some(value)
    }

    fn parameter(&self, name: &str, span: Span, origin: Origin) -> Option<Value> {
        if self.parameters.contains_key(name) {
            self.used_parameters.borrow_mut().entry(name.to_owned()).or_insert(span);
            return Some(Value::reference(origin, name));
        }
        let pseudo = PSEUDO_PARAMETERS.iter().find(|pseudo| pseudo.strip_prefix("AWS::") == Some(name));
        let help = if let Some(kind) = self.components.get(name) {
            let first = kind.and_then(|kind| kind.attributes.first()).map_or("attribute", |attribute| attribute.name);
            Some(format!("`{name}` is a component; write `${{{name}.{first}}}` for its {first}"))
        } else if let Some(pseudo) = pseudo {
            Some(format!("did you mean `{pseudo}`?"))
        } else if let Some(close) = closest(name, self.parameters.keys().map(String::as_str)) {
            Some(format!("did you mean `{close}`?"))
        } else {
            Some(format!("add `{name}` to `parameters`, or write `${{!{name}}}` for the text itself"))
        };
        self.sink().report(&UNKNOWN, span, format!("no parameter `{name}`")).maybe_help(help);
        None
    }
}

/// Literal text as `Fn::Sub` needs it: `${` would start a reference there.
fn escape(literal: &str) -> String {
    literal.replace("${", "${!")
}

/// A value as `Fn::Sub` names it.
fn substitution(value: &Value) -> String {
    match &value.data {
        Data::Call(Function::Sub, argument) => argument.as_str().unwrap_or_default().to_owned(),
        Data::Call(Function::Ref, argument) => format!("${{{}}}", argument.as_str().unwrap_or_default()),
        Data::Call(Function::GetAtt, argument) => {
            let parts: Vec<&str> = argument.as_list().unwrap_or_default().iter().filter_map(Value::as_str).collect();
            format!("${{{}}}", parts.join("."))
        }
        Data::String(text) => escape(text),
        _ => String::new(),
    }
}

/// Values joined to one text.
pub fn join(origin: Origin, parts: &[Value]) -> Value {
    if let [one] = parts {
        return Value { origin, ..one.clone() };
    }
    if parts.iter().all(|part| part.as_str().is_some()) {
        return Value::string(origin, parts.iter().filter_map(Value::as_str).collect::<String>());
    }
    Value::sub(origin, parts.iter().map(substitution).collect::<String>())
}

/// An ARN of the stack's own account and region; `resource` is all after the account, as `Fn::Sub` takes it.
pub fn own_arn(origin: Origin, service: &str, resource: &str) -> Value {
    let text = format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}");
    Value::sub(origin, text)
}

/// A statement by which a service takes on a role.
pub fn assumed_by(origin: Origin, service: &str) -> Statement {
    Statement::allow(origin, &["sts:AssumeRole"], Vec::new()).service(service)
}

/// A value as JSON text for `Fn::Sub`, for properties that take JSON in a string.
pub fn json_text(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Number(number) => number.to_string(),
        Data::String(_) | Data::Call(..) => serde_json::Value::String(substitution(value)).to_string(),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(json_text).collect();
            format!("[{}]", items.join(","))
        }
        Data::Map(map) => {
            let entry = |(key, value): &(Key, Value)| {
                format!("{}:{}", serde_json::Value::String(key.text.clone()), json_text(value))
            };
            let entries: Vec<String> = map.0.iter().map(entry).collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

/// JSON as text; `Fn::Sub` where something of it is known only at deployment.
pub fn json_string(value: &Value, origin: Origin) -> Value {
    let mut deferred = false;
    value.walk(&mut |part| deferred |= matches!(part.data, Data::Call(..)));
    let text = json_text(value);
    if deferred { Value::sub(origin, text) } else { Value::string(origin, text.replace("${!", "${")) }
}

/// A statement that refuses everyone whose request is not encrypted.
pub fn refuse_plain_http(origin: Origin, actions: &[&'static str], resource: Value) -> Statement {
    let insecure = map!(origin; "Bool" => map!(origin; "aws:SecureTransport" => false));
    let mut statement = Statement::allow(origin, actions, vec![resource]).named("RefusePlainHttp").when(insecure);
    statement.effect = Effect::Deny;
    statement.principal = Some(Value::string(origin, "*"));
    statement
}

/// The condition under which a service may use a role or a resource: only for this account, and only on behalf of
/// resources with this ARN.
///
/// Source: IAM User Guide, "The confused deputy problem".
pub fn on_behalf_of(origin: Origin, arn: Value) -> Map {
    map!(origin;
        "StringEquals" => map!(origin; "aws:SourceAccount" => Value::reference(origin, "AWS::AccountId")),
        "ArnLike" => map!(origin; "aws:SourceArn" => arn),
    )
}

/// The components of a blueprint, by name.
pub type Peers<'a> = BTreeMap<&'a str, &'a dyn Component>;

/// Where one component is composed.
pub struct Site<'a> {
    /// Its name and ids.
    pub place: &'a Place,
    /// What texts mean.
    pub scope: &'a Scope,
    /// All components.
    pub peers: &'a Peers<'a>,
    /// What it was granted, for each of its wires in their order; `None` where a wire leads nowhere.
    pub granted: &'a [Option<Grant>],
    /// What its resource policy must allow to others.
    pub received: &'a [Statement],
    /// What the policy of its own key must allow to others.
    pub key_users: &'a [Statement],
    /// The resources that it made.
    pub resources: Vec<Resource>,
}

impl Site<'_> {
    /// Adds a resource and returns it for its rarer attributes.
    pub fn add(&mut self, role: &str, kind: &str, properties: Map) -> &mut Resource {
        self.resources.push(Resource {
            id: self.place.id(role),
            origin: self.place.origin,
            kind: kind.to_owned(),
            properties,
            depends_on: Vec::new(),
            removal: None,
        });
        let last = self.resources.len() - 1;
        &mut self.resources[last]
    }

    /// Adds a resource that holds data and stays or goes with the stack.
    pub fn add_stateful(&mut self, role: &str, kind: &str, removal: Removal, properties: Map) {
        self.add(role, kind, properties).removal = Some(removal);
    }

    /// The component that a reference names.
    pub fn peer(&self, reference: &Reference) -> Option<&dyn Component> {
        self.peers.get(reference.name()).copied()
    }

    /// The metrics of the component that a reference names.
    pub fn metrics(&self, reference: &Reference) -> Vec<Metrics> {
        let Some(peer) = self.peer(reference) else { return Vec::new() };
        let place = Place { name: reference.name().to_owned(), origin: Origin::Derived(reference.span()) };
        peer.metrics(&place, self.peers, self.scope)
    }

    /// All statements that the component was granted.
    pub fn grants(&self) -> Vec<Statement> {
        self.granted.iter().flatten().flat_map(|grant| grant.role.iter().cloned()).collect()
    }

    /// How the other end of a wire is named.
    pub fn address(&self, wire: usize) -> Option<Value> {
        self.granted.get(wire)?.as_ref()?.address.clone()
    }

    /// The key that the other end of a wire encrypts with.
    pub fn key(&self, wire: usize) -> Option<Value> {
        self.granted.get(wire)?.as_ref()?.key.clone()
    }

    /// Adds the role with which the component acts, with one inline policy, so that it is complete before anything
    /// uses it; gives its ARN.
    pub fn add_role(&mut self, trust: Statement, policy: &str, statements: Vec<Statement>) -> Value {
        let origin = self.place.origin;
        let policies = (!statements.is_empty())
            .then(|| vec![map!(origin; "PolicyName" => policy, "PolicyDocument" => document(origin, statements))]);
        let properties = map!(origin;
            "AssumeRolePolicyDocument" => document(origin, vec![trust]),
            "Policies" => policies,
        );
        self.add("Role", "AWS::IAM::Role", properties);
        self.place.attribute("Role", "Arn")
    }
}
