//! `when`: conditions of the template, and what becomes of references to something that may not exist.
//!
//! A reference to a resource that may be absent is guarded by `Fn::If` at the nearest place around it that
//! CloudFormation can leave out: an item of a list, or a property that is not required. Where there is none, the
//! reference is refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::blueprint::condition::{self, Condition};
use crate::blueprint::{Blueprint, Declared};
use crate::diagnostics::Sink;
use crate::kinds::{Place, Scope};
use crate::schema::model::{Document, Keyword, Schema};
use crate::schema::provider;
use crate::source::{Origin, Span};
use crate::template::{Data, Function, Map, Resource, Template, Value, references};

codes! {
    /// Something that always exists needs something that may not.
    ///
    /// CloudFormation can leave out an item of a list or a property that is not required; here it can leave out neither.
    ///
    /// ```yaml
    /// parameters:
    ///   Keep: { type: boolean, default: true, description: Whether records are kept. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     when: ${Keep}
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   Keep: { type: boolean, default: true, description: Whether records are kept. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     when: ${Keep}
    ///   delivery:
    ///     kind: firehose-stream
    ///     when: ${Keep}
    ///     to: { s3: archive }
    /// ```
    NEEDS = Error "needs-conditional";
}

/// The conditions of a template while it is composed.
#[derive(Debug, Default)]
pub struct Conditions {
    /// By name: the parts that must all hold, each by a text that is the same for the same condition.
    named: BTreeMap<String, (BTreeSet<String>, Vec<Value>)>,
}

/// The parts of the conditions under which a component exists, each by a text that is the same for the same condition.
pub fn parts(declared: &Declared, scope: &Scope) -> BTreeSet<String> {
    let value = |(condition, frame, span): &(Condition, usize, Span)| scope.at(*frame).condition(condition, *span);
    declared.when.iter().flat_map(|when| keys(&value(when))).collect()
}

/// Reports a reference to something that may be absent from something that cannot do without it.
pub fn check_need(sender: &Declared, receiver: &Declared, span: Span, scope: &Scope, sink: &mut Sink) {
    if !parts(receiver, scope).is_subset(&parts(sender, scope)) {
        let diagnostic = sink.report(
            &NEEDS,
            span,
            format!("`{}` needs `{}`, which may not exist", sender.key.text, receiver.key.text),
        );
        for (_, _, when) in &receiver.when {
            diagnostic.also(*when, "it exists only under this condition");
        }
        diagnostic.help("give both the same `when`");
    }
}

/// The name of the condition of a component.
fn name_of(place: &str) -> String {
    Place { name: place.to_owned(), origin: Origin::Derived(Span::START), only: None }.id("Exists")
}

impl Conditions {
    /// Puts the resources of a component under its conditions.
    pub fn add(&mut self, declared: &Declared, scope: &Scope, resources: &mut [Resource]) {
        if declared.when.is_empty() {
            return;
        }
        let (mut held, mut values) = (BTreeSet::new(), Vec::new());
        for (condition, frame, span) in &declared.when {
            let value = scope.at(*frame).condition(condition, *span);
            let parts = keys(&value);
            if !parts.is_subset(&held) {
                held.extend(parts);
                values.push(value);
            }
        }
        let name = name_of(&declared.name);
        for resource in resources {
            resource.condition = Some(name.clone());
        }
        self.named.insert(name, (held, values));
    }

    /// Makes one of conditions that are equal, as those of the components of a module are. The first by name stays,
    /// so that the order of the components means nothing.
    fn unify(&mut self, template: &mut Template) {
        let mut first: BTreeMap<&BTreeSet<String>, &String> = BTreeMap::new();
        let mut renamed: BTreeMap<String, String> = BTreeMap::new();
        for (name, (keys, _)) in &self.named {
            let kept = *first.entry(keys).or_insert(name);
            if kept != name {
                renamed.insert(name.clone(), kept.clone());
            }
        }
        self.named.retain(|name, _| !renamed.contains_key(name));
        for condition in template.resources.iter_mut().filter_map(|resource| resource.condition.as_mut()) {
            if let Some(kept) = renamed.get(condition) {
                condition.clone_from(kept);
            }
        }
    }

    /// Adds the conditions to the template, and guards what refers to something that may not exist.
    pub fn finish(mut self, blueprint: &Blueprint, scope: &Scope, template: &mut Template, sink: &mut Sink) {
        self.unify(template);
        self.outputs(blueprint, scope, template, sink);
        if self.named.is_empty() {
            return;
        }
        let owners: BTreeMap<String, String> = template
            .resources
            .iter()
            .filter_map(|resource| Some((resource.id.clone(), resource.condition.clone()?)))
            .collect();
        for resource in &mut template.resources {
            let held = resource.condition.as_ref().map(|name| self.keys(name)).unwrap_or_default();
            let document = provider::resource_type(&resource.kind).map(provider::ResourceType::document);
            let guard = Guard { conditions: &self, owners: &owners, held, document };
            let mut properties = std::mem::take(&mut resource.properties);
            let schema = document.map(|document| &document.root);
            if let Some(needed) = guard.map(&mut properties, schema, true) {
                needed.report(&resource.id, sink);
            }
            resource.properties = properties;
        }
        for (name, (_, values)) in &self.named {
            let Some(first) = values.first() else { continue };
            let value = match values.as_slice() {
                [one] => one.clone(),
                many => Value::call(first.origin, Function::And, Value::new(first.origin, Data::List(many.to_vec()))),
            };
            template.conditions.push(name, first.origin, value);
        }
    }

    /// The name of the condition that has these parts, if there is one already.
    fn same(&self, keys: &BTreeSet<String>) -> Option<String> {
        self.named.iter().find(|(_, (known, _))| known == keys).map(|(name, _)| name.clone())
    }

    fn keys(&self, name: &str) -> BTreeSet<String> {
        self.named.get(name).map(|(keys, _)| keys.clone()).unwrap_or_default()
    }

    /// Outputs exist under their own `when`, and only if all that they name exists.
    fn outputs(&mut self, blueprint: &Blueprint, scope: &Scope, template: &mut Template, sink: &mut Sink) {
        let mut kept = Map::default();
        for (key, mut output) in std::mem::take(&mut template.outputs).0 {
            let declared = blueprint.outputs.iter().find(|(name, _)| name.text == key.text);
            let mut parts: Vec<(String, Value)> = Vec::new();
            if let Some(text) = declared.and_then(|(_, output)| output.when.as_ref())
                && let Some(condition) = condition::parse(text, sink)
            {
                match scope.decide(condition) {
                    Condition::Always(true) => {}
                    Condition::Always(false) => continue,
                    condition => {
                        let value = scope.condition(&condition, text.span);
                        parts.push((self::key(&value), value));
                    }
                }
            }
            for (id, ..) in references(&output) {
                let name = template.resource(&id).and_then(|resource| resource.condition.as_ref());
                if let Some((_, values)) = name.and_then(|name| self.named.get(name)) {
                    parts.extend(values.iter().map(|value| (self::key(value), value.clone())));
                }
            }
            parts.sort_by(|a, b| a.0.cmp(&b.0));
            parts.dedup_by(|a, b| a.0 == b.0);
            if !parts.is_empty() {
                let keys: BTreeSet<String> = parts.iter().flat_map(|(_, value)| keys(value)).collect();
                let name = self.same(&keys).unwrap_or_else(|| format!("{}OutputExists", key.text));
                if let Data::Map(output) = &mut output.data {
                    output.push("Condition", key.origin, name.as_str());
                }
                let values = parts.into_iter().map(|(_, value)| value).collect();
                self.named.entry(name).or_insert((keys, values));
            }
            kept.0.push((key, output));
        }
        template.outputs = kept;
    }
}

/// What holds where a condition holds, each part by a text that is the same for the same condition.
fn keys(value: &Value) -> BTreeSet<String> {
    match &value.data {
        Data::Call(Function::And, parts) => parts.as_list().unwrap_or_default().iter().flat_map(keys).collect(),
        _ => BTreeSet::from([key(value)]),
    }
}

/// The same text for the same condition.
fn key(value: &Value) -> String {
    crate::template::emit::json(value)
}

/// A reference that could not be guarded yet: the condition that it needs, and where it is.
#[derive(Debug)]
struct Needed {
    condition: String,
    id: String,
    span: Span,
    /// Whether it is text of the user, and not a reference between components.
    written: bool,
}

impl Needed {
    fn report(&self, id: &str, sink: &mut Sink) {
        sink.report(&NEEDS, self.span, format!("this needs `{}`, which may not exist", self.id))
            .path(format!("Resources/{id}"))
            .help("give both the same `when`, or leave out the reference");
    }
}

/// Guards the values of one resource.
struct Guard<'a> {
    conditions: &'a Conditions,
    owners: &'a BTreeMap<String, String>,
    /// What holds whenever the resource exists.
    held: BTreeSet<String>,
    document: Option<&'a Document>,
}

impl Guard<'_> {
    /// Guards what it can inside of a value; gives what the value itself needs.
    fn value(&self, value: &mut Value, schema: Option<&Schema>) -> Option<Needed> {
        match &mut value.data {
            Data::Map(map) => self.map(map, schema, false),
            Data::List(items) => self.list(items, schema),
            Data::Call(function, _) if *function != Function::If => self.reference(value),
            Data::Call(..) | Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => None,
        }
    }

    /// What a reference needs that does not hold anyway.
    fn reference(&self, value: &Value) -> Option<Needed> {
        references(value).into_iter().find_map(|(id, ..)| {
            let condition = self.owners.get(&id)?;
            let needed = self.conditions.keys(condition);
            (!needed.is_subset(&self.held)).then(|| Needed {
                condition: condition.clone(),
                id,
                span: value.origin.span(),
                written: value.origin.is_written(),
            })
        })
    }

    fn list(&self, items: &mut [Value], schema: Option<&Schema>) -> Option<Needed> {
        let item = schema.and_then(|schema| self.items(schema));
        let needs: Vec<Option<Needed>> = items.iter_mut().map(|value| self.value(value, item)).collect();
        // A list of which nothing may be left is what can be absent, not its items.
        if !needs.is_empty() && needs.iter().all(Option::is_some) {
            let conditions: BTreeSet<&str> = needs.iter().flatten().map(|need| need.condition.as_str()).collect();
            if conditions.len() == 1 {
                return needs.into_iter().flatten().next();
            }
        }
        for (item, need) in items.iter_mut().zip(needs) {
            if let Some(need) = need {
                guard(item, &need.condition);
            }
        }
        None
    }

    /// `root` says whether these are the properties of the resource itself. A text is left out where it stands; of what
    /// the compiler made for a reference the whole property goes, for a part of it could mean something else.
    fn map(&self, map: &mut Map, schema: Option<&Schema>, root: bool) -> Option<Needed> {
        let mut lifted = None;
        for (key, value) in &mut map.0 {
            let property = schema.and_then(|schema| self.property(schema, &key.text));
            let Some(need) = self.value(value, property) else { continue };
            // Without a schema, as inside of a policy, every entry counts as needed.
            let optional = schema.is_some_and(|schema| self.is_optional(schema, &key.text));
            if optional && (root || need.written) {
                guard(value, &need.condition);
            } else {
                lifted.get_or_insert(need);
            }
        }
        lifted
    }

    fn keywords<'a>(&'a self, schema: &'a Schema) -> Vec<&'a Keyword> {
        self.document.map(|document| document.flatten(schema)).unwrap_or_default()
    }

    fn property<'a>(&'a self, schema: &'a Schema, name: &str) -> Option<&'a Schema> {
        self.keywords(schema).into_iter().find_map(|keyword| match keyword {
            Keyword::Properties(properties) => properties.get(name),
            _ => None,
        })
    }

    fn items<'a>(&'a self, schema: &'a Schema) -> Option<&'a Schema> {
        self.keywords(schema).into_iter().find_map(|keyword| match keyword {
            Keyword::Items(items) => Some(&items.rest),
            _ => None,
        })
    }

    /// Whether an object is complete without a property. Of free objects, as policies are, nothing is known.
    fn is_optional(&self, schema: &Schema, name: &str) -> bool {
        let keywords = self.keywords(schema);
        let known = keywords.iter().any(|keyword| matches!(keyword, Keyword::Properties(properties) if properties.get(name).is_some() || !properties.patterns.is_empty()));
        let required = keywords.iter().any(
            |keyword| matches!(keyword, Keyword::Required(names) if names.iter().any(|required| required == name)),
        );
        known && !required
    }
}

/// Puts a value under a condition: it is there, or nothing is.
fn guard(value: &mut Value, condition: &str) {
    let origin = value.origin;
    let inner = std::mem::replace(value, Value::new(origin, Data::Null));
    let parts = vec![Value::string(origin, condition), inner, Value::reference(origin, "AWS::NoValue")];
    *value = Value::call(origin, Function::If, Value::new(origin, Data::List(parts)));
}
