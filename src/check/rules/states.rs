//! AWS Step Functions: the states of a state machine, and where they lead.

use std::sync::OnceLock;

use crate::check::known::{branches, text};
use crate::check::{Context, json_text, violations};
use crate::diagnostics::{Sink, closest};
use crate::schema::model::Document;
use crate::schema::{Leniency, Options, Place, ViolationKind, read, validate_at};
use crate::source::{Origin, Span};
use crate::template::{Data, Map, Resource, Value};

codes! {
    /// A state machine leads to a state that it does not have.
    ///
    /// A name of `StartAt`, `Next` or `Default` is that of a state beside it: neither of one in a branch, nor of one
    /// around it. Step Functions refuses such a definition.
    ///
    /// ```yaml
    /// Resources:
    ///   Nightly:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/nightly"
    ///       Definition:
    ///         StartAt: Pause
    ///         States:
    ///           Wait: { Type: Wait, Seconds: 60, End: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Nightly:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/nightly"
    ///       Definition:
    ///         StartAt: Wait
    ///         States:
    ///           Wait: { Type: Wait, Seconds: 60, End: true }
    /// ```
    ///
    /// Source: Amazon States Language, "Transitions".
    STATE = Error "undefined-state";

    /// A state of a state machine asks in JSONPath, although all of the state machine asks in JSONata.
    ///
    /// A state may choose JSONata where its state machine has JSONPath, which is the default, but not the reverse.
    ///
    /// ```yaml
    /// Resources:
    ///   Nightly:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/nightly"
    ///       Definition:
    ///         QueryLanguage: JSONata
    ///         StartAt: Wait
    ///         States:
    ///           Wait: { Type: Wait, QueryLanguage: JSONPath, Seconds: 60, End: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Nightly:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/nightly"
    ///       Definition:
    ///         QueryLanguage: JSONata
    ///         StartAt: Wait
    ///         States:
    ///           Wait: { Type: Wait, Seconds: 60, End: true }
    /// ```
    ///
    /// Source: Step Functions Developer Guide, "Transforming data with JSONata in Step Functions".
    LANGUAGE = Error "mixed-query-languages";

    /// The definition of a state machine has a name in `${ }` for which nothing is put in.
    ///
    /// It stays as it is, and is no ARN of anything that a state could call.
    ///
    /// ```yaml
    /// Resources:
    ///   Nightly:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/nightly"
    ///       DefinitionSubstitutions: { Loader: !Ref LoaderArn }
    ///       Definition:
    ///         StartAt: Load
    ///         States:
    ///           Load: { Type: Task, Resource: "${Lader}", End: true }
    /// Parameters:
    ///   LoaderArn: { Type: String }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Nightly:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/nightly"
    ///       DefinitionSubstitutions: { Loader: !Ref LoaderArn }
    ///       Definition:
    ///         StartAt: Load
    ///         States:
    ///           Load: { Type: Task, Resource: "${Loader}", End: true }
    /// Parameters:
    ///   LoaderArn: { Type: String }
    /// ```
    ///
    /// Source: CloudFormation Template Reference, `AWS::StepFunctions::StateMachine`, `DefinitionSubstitutions`.
    SUBSTITUTION = Error "undefined-substitution";
}

/// The types that have a definition.
const TYPES: &[&str] = &["AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"];

/// The language of queries where none is named, and the other.
const JSON_PATH: &str = "JSONPath";
const JSONATA: &str = "JSONata";

/// The schema of definitions.
///
/// Source: Amazon States Language specification; Step Functions Developer Guide, the page of each type of states.
fn schema() -> &'static Document {
    static SCHEMA: OnceLock<Document> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = include_str!("../../../schemas/states.schema.json");
        // A test reads it.
        serde_json::from_str(text).ok().and_then(|json| read::document(&json).ok()).unwrap_or_default()
    })
}

/// Checks the definitions of all state machines.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for machine in context.template.resources.iter().filter(|resource| TYPES.contains(&resource.kind.as_str())) {
        for property in ["Definition", "DefinitionString"] {
            let Some(value) = machine.properties.get(property) else { continue };
            for (path, value) in branches(value, &format!("Resources/{}/Properties/{property}", machine.id)) {
                let read = json_text::read(value);
                let run = Run { context, text: read.is_some().then(|| value.origin.span()), known: names(machine) };
                run.machine(read.as_ref().unwrap_or(value), &path, sink);
            }
        }
    }
}

/// The names for which something is put into a definition; nothing if that is not known.
fn names(machine: &Resource) -> Option<Vec<&str>> {
    let Some(value) = machine.properties.get("DefinitionSubstitutions") else { return Some(Vec::new()) };
    let names: Vec<&str> = value.as_map()?.0.iter().map(|(key, _)| key.text.as_str()).collect();
    names.iter().all(|name| !name.starts_with("Fn::")).then_some(names)
}

struct Run<'c, 'a> {
    context: &'c Context<'a>,
    /// Where a definition stands that is JSON text, in which no value has a place of its own.
    text: Option<Span>,
    /// What is put in, see [`names`].
    known: Option<Vec<&'c str>>,
}

impl Run<'_, '_> {
    fn machine(&self, definition: &Value, path: &str, sink: &mut Sink) {
        let Some(map) = definition.as_map().filter(|map| map.0.iter().all(|(key, _)| !key.text.starts_with("Fn::")))
        else {
            return;
        };
        self.validate(&["machine"], definition, None, path, sink);
        let own = map.get("QueryLanguage").map_or(Some(JSON_PATH.to_owned()), text);
        self.scope(map, own.as_deref(), path, sink);
    }

    /// Checks states that lead to each other, in `language` if that is known.
    fn scope(&self, map: &Map, language: Option<&str>, path: &str, sink: &mut Sink) {
        let Some(states) = map.get("States").and_then(Value::as_map) else { return };
        self.leads(map.get("StartAt"), states, &format!("{path}/StartAt"), sink);
        for (key, state) in &states.0 {
            let path = format!("{path}/States/{}", key.text);
            let Some(fields) = state.as_map() else { continue };
            for (place, target) in targets(fields) {
                self.leads(Some(target), states, &format!("{path}/{place}"), sink);
            }
            let own = match fields.get("QueryLanguage") {
                None => language.map(ToOwned::to_owned),
                Some(value) => {
                    let own = text(value);
                    if own.as_deref() == Some(JSON_PATH) && language == Some(JSONATA) {
                        let message = format!("a state in {JSON_PATH} of a state machine that asks in {JSONATA}");
                        let span = self.place(value, "QueryLanguage");
                        sink.report(&LANGUAGE, span, message)
                            .path(format!("{path}/QueryLanguage"))
                            .help("remove it, and write the state in the language of the state machine");
                        // What follows from it is said with it.
                        continue;
                    }
                    own
                }
            };
            self.substituted(fields.get("Resource"), &format!("{path}/Resource"), sink);
            if let (Some(language), Some(kind)) = (own.as_deref(), fields.get("Type").and_then(text)) {
                self.validate(&[language, &kind], state, Some(&key.text), &path, sink);
            }
            for (place, inner) in inner(fields) {
                let path = format!("{path}/{place}");
                self.validate(&["branch"], inner, Some(&key.text), &path, sink);
                if let Some(map) = inner.as_map() {
                    let own = map.get("QueryLanguage").map_or(language.map(ToOwned::to_owned), text);
                    self.scope(map, own.as_deref(), &path, sink);
                }
            }
        }
    }

    /// Checks that a name is that of one of these states.
    fn leads(&self, target: Option<&Value>, states: &Map, path: &str, sink: &mut Sink) {
        let Some((value, name)) = target.and_then(|value| Some((value, text(value)?))) else { return };
        if states.get(&name).is_some() || name.contains("${") {
            return;
        }
        let near = closest(&name, states.0.iter().map(|(key, _)| key.text.as_str()));
        sink.report(&STATE, self.place(value, &name), format!("there is no state `{name}` beside it")).path(path).help(
            near.map_or_else(
                || "name a state of the same `States`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            ),
        );
    }

    /// Checks that something is put in for the names in the text of a resource.
    fn substituted(&self, resource: Option<&Value>, path: &str, sink: &mut Sink) {
        let (Some(value), Some(known)) = (resource, &self.known) else { return };
        let Data::String(given) = &value.data else { return };
        let Some(name) = given.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else { return };
        if known.contains(&name) || name.contains('{') {
            return;
        }
        let near = closest(name, known.iter().copied());
        sink.report(&SUBSTITUTION, self.place(value, given), format!("nothing is put in for `{given}`"))
            .path(path)
            .help(near.map_or_else(
                || format!("add `{name}` to `DefinitionSubstitutions`"),
                |near| format!("did you mean `${{{near}}}`?"),
            ));
    }

    fn validate(&self, name: &[&str], value: &Value, state: Option<&str>, path: &str, sink: &mut Sink) {
        let Some(wanted) = schema().at(name) else { return };
        let options = Options { leniency: Leniency::CloudFormation, read_only: &[], formats: false };
        let value = &deferred(value);
        let found = validate_at(schema(), wanted, value, options).violations;
        for violation in found.iter().filter(|violation| !violations::is_misspelt(violation, &found)) {
            // Paths may be null, which the language of queries understands.
            if matches!(violation.kind, ViolationKind::Null) {
                continue;
            }
            let mut violation = violation.clone();
            if let Some(whole) = self.text {
                let named = state.map_or(whole, |state| self.narrow(whole, state));
                violation.place = Place::Key(Origin::Written(self.context.first_line(named)));
            }
            violations::report_at(self.context, &violation, value, &violation.path_below(path), sink);
        }
    }

    /// Where a value stands, or what it says where that has no place of its own.
    fn place(&self, value: &Value, word: &str) -> Span {
        let span = value.origin.span();
        self.context.first_line(if self.text.is_some() { self.narrow(span, word) } else { span })
    }

    fn narrow(&self, span: Span, word: &str) -> Span {
        self.context.narrow(self.context.narrow(span, &format!("\"{word}\"")), word)
    }
}

/// A definition in which every text with `${ }` is known only at deployment.
fn deferred(value: &Value) -> Value {
    let data = match &value.data {
        Data::String(text) if text.contains("${") => return Value::sub(value.origin, text),
        Data::List(items) => Data::List(items.iter().map(deferred).collect()),
        Data::Map(map) => Data::Map(Map(map.0.iter().map(|(key, value)| (key.clone(), deferred(value))).collect())),
        data => data.clone(),
    };
    Value::new(value.origin, data)
}

/// The names of the states that a state leads to, with where they stand in it.
fn targets(state: &Map) -> Vec<(String, &Value)> {
    let mut found: Vec<(String, &Value)> =
        ["Next", "Default"].iter().filter_map(|key| Some(((*key).to_owned(), state.get(key)?))).collect();
    for key in ["Choices", "Catch"] {
        let items = state.get(key).and_then(Value::as_list).unwrap_or_default();
        found.extend(
            items
                .iter()
                .enumerate()
                .filter_map(|(index, item)| Some((format!("{key}/{index}/Next"), item.as_map()?.get("Next")?))),
        );
    }
    found
}

/// The state machines in a state, with where they stand in it.
fn inner(state: &Map) -> Vec<(String, &Value)> {
    let mut found: Vec<(String, &Value)> =
        ["ItemProcessor", "Iterator"].iter().filter_map(|key| Some(((*key).to_owned(), state.get(key)?))).collect();
    let branches = state.get("Branches").and_then(Value::as_list).unwrap_or_default();
    found.extend(branches.iter().enumerate().map(|(index, branch)| (format!("Branches/{index}"), branch)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_every_type_in_both_languages() {
        for language in [JSON_PATH, JSONATA] {
            for kind in ["Choice", "Fail", "Map", "Parallel", "Pass", "Succeed", "Task", "Wait"] {
                assert!(schema().at(&[language, kind]).is_some(), "{language} {kind}");
            }
        }
        assert!(schema().at(&["machine"]).is_some() && schema().at(&["branch"]).is_some());
    }
}
