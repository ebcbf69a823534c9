//! IAM policy documents.

use super::emit::json;
use super::{Data, Map, Value};
use crate::map;
use crate::source::Origin;

/// The version of the policy language.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Version".
const VERSION: &str = "2012-10-17";

/// One statement that allows or denies.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What asked for it.
    pub origin: Origin,
    /// `Sid`: letters and digits.
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// `Principal`, in policies of resources.
    pub principal: Option<Value>,
    /// `Action`
    pub actions: Vec<&'static str>,
    /// `Resource`
    pub resources: Vec<Value>,
    /// `Condition`
    pub condition: Option<Map>,
}

/// The effect of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

impl Statement {
    /// A statement that allows actions on resources.
    pub fn allow(origin: Origin, actions: &[&'static str], resources: Vec<Value>) -> Self {
        Self {
            origin,
            sid: None,
            effect: Effect::Allow,
            principal: None,
            actions: actions.to_vec(),
            resources,
            condition: None,
        }
    }

    /// The same with a name.
    #[must_use]
    pub fn named(mut self, sid: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self
    }

    /// The same for a service principal.
    #[must_use]
    pub fn service(mut self, service: &str) -> Self {
        self.principal = Some(Value::new(self.origin, Data::Map(map!(self.origin; "Service" => service))));
        self
    }

    /// The same under a condition.
    #[must_use]
    pub fn when(mut self, condition: Map) -> Self {
        self.condition = Some(condition);
        self
    }

    /// The same text for statements that differ only in their resources.
    fn text_without_resources(&self) -> String {
        let map = Self { resources: Vec::new(), ..self.clone() }.into_map();
        json(&Value::new(self.origin, Data::Map(map)))
    }

    /// The statement as CloudFormation takes it.
    pub fn into_map(self) -> Map {
        let effect = match self.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        map!(self.origin;
            "Sid" => self.sid,
            "Effect" => effect,
            "Principal" => self.principal,
            "Action" => one_or_many(self.origin, self.actions.iter().map(|action| Value::string(self.origin, *action)).collect()),
            "Resource" => one_or_many(self.origin, self.resources),
            "Condition" => self.condition,
        )
    }
}

/// A list of one is written as its item, as IAM itself does; nothing is left out.
fn one_or_many(origin: Origin, mut values: Vec<Value>) -> Option<Value> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Value::new(origin, Data::List(values))),
    }
}

/// A policy document of these statements.
///
/// Names of statements are unique in a policy. Those that differ only in their resources are one; where a name is taken
/// by another, a number follows it.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Sid".
pub fn document(origin: Origin, statements: Vec<Statement>) -> Map {
    let mut all: Vec<(String, Statement)> = Vec::new();
    for mut statement in statements {
        let text = statement.text_without_resources();
        if let Some((_, same)) = all.iter_mut().find(|(known, _)| *known == text) {
            let known: Vec<String> = same.resources.iter().map(json).collect();
            same.resources.extend(statement.resources.into_iter().filter(|one| !known.contains(&json(one))));
            continue;
        }
        let taken = |name: &str| all.iter().any(|(_, known)| known.sid.as_deref() == Some(name));
        if let Some(name) = statement.sid.clone().filter(|name| taken(name)) {
            // Of as many names and one more, one is free.
            statement.sid = (2..=all.len() + 2).map(|number| format!("{name}{number}")).find(|name| !taken(name));
        }
        all.push((text, statement));
    }
    let statements: Vec<Map> = all.into_iter().map(|(_, statement)| statement.into_map()).collect();
    map!(origin; "Version" => VERSION, "Statement" => statements)
}
