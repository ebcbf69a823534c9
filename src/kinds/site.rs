//! Where a component is composed: its ids, what it was granted, and the resources it adds.

use std::collections::BTreeMap;

use super::{Access, Component, Found, Grant, Metrics, Port, Scope, substitution};
use crate::blueprint::text::Reference;
use crate::map;
use crate::source::Origin;
use crate::template::hive::Column;
use crate::template::iam::{Effect, Statement, document};
use crate::template::{Data, Key, Map, Removal, Resource, Value};

/// The name of a component, and the ids that follow from it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The component's name in the blueprint.
    pub name: String,
    /// The place of its name, as the origin of what it makes.
    pub origin: Origin,
    /// The role of a resource that is all there is of the component, and has its name as id.
    pub only: Option<&'static str>,
}

impl Place {
    /// The logical id of the resource that has this role in the component.
    ///
    /// Ids are a public contract: they follow from names alone, whatever else the blueprint holds.
    pub fn id(&self, role: &str) -> String {
        let mut id = pascal_case(&self.name);
        if self.only != Some(role) {
            id.push_str(role);
        }
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
                // A key is what it is.
                let key = key.text.replace("${", "${!");
                format!("{}:{}", serde_json::Value::String(key), json_text(value))
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

/// A pattern of events; as JSON text if it asks for `null`, which CloudFormation takes nowhere else.
///
/// Source: EventBridge User Guide, "Matching on null values and empty strings".
pub fn event_pattern(value: Value, origin: Origin) -> Value {
    let mut asks_for_null = false;
    value.walk(&mut |part| asks_for_null |= matches!(part.data, Data::Null));
    if asks_for_null { json_string(&value, origin) } else { Value { origin, ..value } }
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

/// The columns of the component that a reference names, if it can be used for this and they are known.
///
/// What has a port never asks for columns through the same port, so no component asks for its own.
pub fn columns(reference: &Reference, port: Port, peers: &Peers<'_>, scope: &Scope) -> Option<Vec<Column>> {
    let Found::Component(name) = scope.find(reference) else { return None };
    if !scope.serves(&name, port) {
        return None;
    }
    let place = scope.place(&name, Origin::Derived(reference.span()));
    peers.get(name.as_str())?.columns(&place, peers, &scope.of(&name))
}

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
    /// What other components do with it.
    pub uses: &'a [Access],
    /// The resources that it made.
    pub resources: Vec<Resource>,
    /// Resources that it shares with all others that need the same, under ids of their own.
    pub shared: Vec<Resource>,
}

impl Site<'_> {
    /// Adds a resource and returns it for its rarer attributes.
    pub fn add(&mut self, role: &str, kind: &str, properties: Map) -> &mut Resource {
        self.resources.push(Resource {
            id: self.place.id(role),
            origin: self.place.origin,
            kind: kind.to_owned(),
            properties,
            condition: None,
            depends_on: Vec::new(),
            removal: None,
            attributes: Map::default(),
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
        match self.scope.find(reference) {
            Found::Component(full) => self.peers.get(full.as_str()).copied(),
            _ => None,
        }
    }

    /// The name of the component that a reference stands for.
    pub fn name_of(&self, reference: &Reference) -> String {
        match self.scope.find(reference) {
            Found::Component(full) => full,
            _ => reference.name().to_owned(),
        }
    }

    /// The metrics of the component that a reference names.
    pub fn metrics(&self, reference: &Reference) -> Vec<Metrics> {
        let Some(peer) = self.peer(reference) else { return Vec::new() };
        let name = self.name_of(reference);
        let scope = self.scope.of(&name);
        peer.metrics(&self.scope.place(&name, Origin::Derived(reference.span())), self.peers, &scope)
    }

    /// The columns of the component that a reference names, if it can be used for this and they are known.
    pub fn columns(&self, reference: &Reference, port: Port) -> Option<Vec<Column>> {
        columns(reference, port, self.peers, self.scope)
    }

    /// All statements that the component was granted.
    pub fn grants(&self) -> Vec<Statement> {
        self.granted.iter().flatten().flat_map(|grant| grant.role.iter().cloned()).collect()
    }

    /// How the other end of a wire is named.
    pub fn address(&self, wire: usize) -> Option<Value> {
        self.granted.get(wire)?.as_ref()?.address.clone()
    }

    /// How the other ends of some wires are named, if there are any.
    pub fn addresses(&self, wires: std::ops::Range<usize>) -> Option<Vec<Value>> {
        let all: Vec<Value> = wires.filter_map(|wire| self.address(wire)).collect();
        (!all.is_empty()).then_some(all)
    }

    /// How that is named which the use of a wire leads on to.
    pub fn address_behind(&self, wire: usize) -> Option<Value> {
        self.granted.get(wire)?.as_ref()?.behind.clone()
    }

    /// The key that the other end of a wire encrypts with.
    pub fn key(&self, wire: usize) -> Option<Value> {
        self.granted.get(wire)?.as_ref()?.key.clone()
    }

    /// Adds the role with which the component acts, with one inline policy, so that it is complete before anything
    /// uses it; gives its ARN.
    pub fn add_role(&mut self, trust: Statement, policy: &str, statements: Vec<Statement>) -> Value {
        self.add_named_role("Role", trust, policy, statements)
    }

    /// Adds one more role, for what acts beside the component itself; gives its ARN.
    pub fn add_named_role(&mut self, id: &str, trust: Statement, policy: &str, statements: Vec<Statement>) -> Value {
        let origin = self.place.origin;
        let policies = (!statements.is_empty())
            .then(|| vec![map!(origin; "PolicyName" => policy, "PolicyDocument" => document(origin, statements))]);
        let properties = map!(origin;
            "AssumeRolePolicyDocument" => document(origin, vec![trust]),
            "Policies" => policies,
        );
        self.add(id, "AWS::IAM::Role", properties);
        self.place.attribute(id, "Arn")
    }
}
