//! What comes to each resource, by the contracts further up: as it is, a part of it, or what a template makes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::contract::{Contract, May, Presence, Step, Types};
use crate::trace::hops::mail::MailDestination;
use crate::trace::input::{Input, Piece, Template};
use crate::trace::world::{Node, World};

/// What comes to a resource.
#[derive(Clone, Debug)]
pub enum Content {
    /// What is at a path of the events of a contract.
    Part(Arc<Contract>, Vec<Step>),
    /// The same where a template takes it: an empty text where the event has nothing there.
    Filled(Arc<Contract>, Vec<Step>),
    /// An object with these fields.
    Made(Vec<(String, Content)>),
    /// A value of these types.
    Value(Types),
    /// Nobody knows.
    Unknown,
}

/// What comes to a resource, and from where.
#[derive(Debug)]
pub struct Arrival {
    /// The logical id of the resource.
    pub id: String,
    /// What comes.
    pub content: Content,
    /// The logical id of the resource whose contract says it.
    pub from: String,
    /// The contract.
    pub contract: Arc<Contract>,
}

/// Characters that stand for variables of a template while it is read as JSON; no text has them.
const MARKS: (char, char) = ('\u{E000}', '\u{E001}');

impl Content {
    /// What there may be at a path.
    pub fn may(&self, path: &[Step]) -> May {
        match (self, path) {
            (Self::Part(contract, base), path) => contract.may(&[base, path].concat()),
            (Self::Filled(contract, base), []) => {
                let may = contract.may(base);
                if may.always {
                    return may;
                }
                May { presence: Presence::Named, always: true, types: may.types.or(Types::TEXT), values: None }
            }
            (Self::Filled(contract, base), path) => May { always: false, ..contract.may(&[base, path].concat()) },
            (Self::Made(_), []) => May::always(Types::OBJECT),
            (Self::Made(fields), [Step::Key(key), rest @ ..]) => {
                fields.iter().find(|(name, _)| name == key).map_or(May::NEVER, |(_, content)| content.may(rest))
            }
            (Self::Value(types), []) => May::always(*types),
            (Self::Made(_) | Self::Value(_), _) => May::NEVER,
            (Self::Unknown, _) => May::ANYTHING,
        }
    }

    /// The names of the fields that are known at a path.
    pub fn names(&self, path: &[Step]) -> BTreeSet<String> {
        match (self, path) {
            (Self::Part(contract, base) | Self::Filled(contract, base), path) => contract.names(&[base, path].concat()),
            (Self::Made(fields), []) => fields.iter().map(|(name, _)| name.clone()).collect(),
            (Self::Made(fields), [Step::Key(key), rest @ ..]) => {
                let field = fields.iter().find(|(name, _)| name == key);
                field.map(|(_, content)| content.names(rest)).unwrap_or_default()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Whether it is a whole event of a contract.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Part(_, base) if base.is_empty())
    }

    /// What is at a path.
    fn at(&self, path: Vec<Step>) -> Self {
        match self {
            Self::Part(contract, base) => Self::Part(Arc::clone(contract), [base.clone(), path].concat()),
            _ if path.is_empty() => self.clone(),
            Self::Made(fields) => match path.split_first() {
                Some((Step::Key(key), rest)) => fields
                    .iter()
                    .find(|(name, _)| name == key)
                    .map_or(Self::Unknown, |(_, content)| content.at(rest.to_vec())),
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    fn of(value: &Json, variables: &[Content]) -> Self {
        match value {
            Json::Object(map) => {
                Self::Made(map.iter().map(|(key, value)| (key.clone(), Self::of(value, variables))).collect())
            }
            Json::Array(_) => Self::Unknown,
            Json::String(text) if text.contains(MARKS.0) => {
                let whole = text.strip_prefix(MARKS.0).and_then(|rest| rest.strip_suffix(MARKS.1));
                let variable = whole.and_then(|number| variables.get(number.parse::<usize>().ok()?));
                variable.cloned().unwrap_or(Self::Value(Types::TEXT))
            }
            other => Self::Value(Types::of(other)),
        }
    }

    /// What a target gets of this.
    fn through(&self, input: &Input) -> Self {
        match input {
            Input::Event => self.clone(),
            Input::Part(path) => path.steps().map_or(Self::Unknown, |steps| self.at(steps)),
            Input::Constant(text) => serde_json::from_str(text).map_or(Self::Unknown, |value| Self::of(&value, &[])),
            Input::Template(template) => self.filled(template),
        }
    }

    fn filled(&self, template: &Template) -> Self {
        let mut text = String::new();
        let mut variables = Vec::new();
        for piece in template.pieces() {
            let (name, path, quoted) = match piece {
                Piece::Text(part) => {
                    text.push_str(part);
                    continue;
                }
                Piece::Variable(name, path, quoted) => (name, path, quoted),
            };
            let content = match (name, path) {
                _ if quoted => Self::Value(Types::TEXT),
                ("aws.events.event.json", _) => self.clone(),
                (_, Some(path)) => match path.steps().map(|steps| self.at(steps)) {
                    Some(Self::Part(contract, base)) => Self::Filled(contract, base),
                    Some(content) => content,
                    None => Self::Unknown,
                },
                ("aws.events.event", _) => Self::Unknown,
                _ => Self::Value(Types::TEXT),
            };
            let mark = format!("{}{}{}", MARKS.0, variables.len(), MARKS.1);
            let around = if quoted { ("", "\u{E002}") } else { ("\"", "\"") };
            text.extend([around.0, mark.as_str(), around.1]);
            variables.push(content);
        }
        serde_json::from_str(&text).map_or(Self::Unknown, |value| Self::of(&value, &variables))
    }
}

impl World<'_> {
    /// What comes to each resource that is reached from a contract, and at which no other contract stands.
    pub fn arrivals(&self) -> Vec<Arrival> {
        let mut found = Vec::new();
        for (id, contract) in &self.contracts {
            let content = Content::Part(Arc::clone(contract), Vec::new());
            self.spread(id, &content, (id, contract), &mut Vec::new(), &mut found);
        }
        found
    }

    fn spread(
        &self,
        id: &str,
        content: &Content,
        from: (&str, &Arc<Contract>),
        trail: &mut Vec<String>,
        found: &mut Vec<Arrival>,
    ) {
        let again = trail.iter().any(|before| before == id);
        if again || (id != from.0 && self.contracts.contains_key(id)) {
            return;
        }
        trail.push(id.to_owned());
        found.push(Arrival {
            id: id.to_owned(),
            content: content.clone(),
            from: from.0.to_owned(),
            contract: Arc::clone(from.1),
        });
        let next: Vec<(String, Content)> = match self.node(id) {
            Some(Node::Bus(name)) => self.rules_of(name).map(|(rule, _)| (rule.to_owned(), content.clone())).collect(),
            Some(Node::Rule(rule)) => rule
                .targets
                .iter()
                .filter_map(|target| {
                    let to = self.by_arn(&target.arn)?;
                    let is_bus = matches!(self.node(to), Some(Node::Bus(_)));
                    let input = target.input.as_ref().ok()?;
                    Some((to.to_owned(), if is_bus { content.clone() } else { content.through(input) }))
                })
                .collect(),
            Some(Node::Shards) => {
                self.readers(id).into_iter().map(|reader| (reader.to_owned(), content.clone())).collect()
            }
            Some(Node::Topic) => {
                let arn = self.resource(id).map(|topic| self.resolver.arn(topic)).unwrap_or_default();
                let raw = self.subscriptions_of(&arn).filter(|one| one.raw);
                raw.filter_map(|one| Some((self.by_arn(&one.endpoint)?.to_owned(), content.clone()))).collect()
            }
            Some(Node::Mail) => {
                let name = self.resource(id).map(|own| self.resolver.name(own)).unwrap_or_default();
                let own = self.mail.iter().filter(|one| one.set == name);
                let stream = |one: &MailDestination| {
                    let firehose = one.destination.get("KinesisFirehoseDestination")?;
                    let arn = ["DeliveryStreamARN", "DeliveryStreamArn"]
                        .iter()
                        .find_map(|name| firehose.get(*name)?.as_str())?;
                    self.by_arn(arn)
                };
                own.filter_map(|one| Some((stream(one)?.to_owned(), content.clone()))).collect()
            }
            _ => Vec::new(),
        };
        for (to, content) in next {
            self.spread(&to, &content, from, trail, found);
        }
        trail.pop();
    }
}
