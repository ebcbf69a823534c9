//! `formwork.yaml`: what an organisation says once for all of its blueprints.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::text::{Located, Text, Tree};
use super::{entry, expand, section};
use crate::diagnostics::Severity;
use crate::syntax::{Data, Entry, Node};

/// The settings of a repository, in `formwork.yaml` at its top.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Project {
    /// Folder for the templates, from the folder of this file. The default is `templates`.
    pub output: Option<Located<String>>,
    /// What holds for all blueprints where they say nothing else.
    pub defaults: Defaults,
    /// Values for each environment, which `--env` chooses; its name is `{{ env }}` in blueprints.
    pub environments: IndexMap<Located<String>, Environment>,
    /// Kinds that every blueprint must have, or must not have.
    pub kinds: Kinds,
    /// Findings that are known and accepted in all blueprints, or in some.
    pub accept: Vec<Accepted>,
    /// How bad findings are in this repository, by their names.
    pub severity: IndexMap<Located<String>, Level>,
}

/// How bad a finding is in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// No template is made.
    Error,
    /// It is shown.
    Warning,
    /// It is shown as something that is good to know.
    Info,
    /// It is not shown.
    Off,
}

impl Level {
    /// The severity; nothing for a finding that is not shown.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Off => None,
        }
    }
}

/// What holds where a blueprint says nothing else.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// Tags of every resource whose type takes tags.
    pub tags: IndexMap<Located<String>, Text>,
    /// ARN of the policy that bounds every role.
    pub permissions_boundary: Option<Text>,
    /// ARN of the KMS key of everything that has `encryption` and does not say with which key.
    pub key: Option<Text>,
    /// Days for everything that has `retention_days` and does not say how many.
    pub retention_days: Option<u32>,
    /// The name of everything that has a `name` and does not say which; `{{ env }}`, `{{ blueprint }}` and
    /// `{{ component }}` make it different.
    pub name: Option<Text>,
    /// Fields by kind, for components that do not have them.
    #[schemars(with = "IndexMap<String, IndexMap<String, Tree>>")]
    pub kinds: IndexMap<String, Tree>,
}

/// Values of one environment.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Defaults for the parameters of blueprints.
    pub parameters: IndexMap<String, Tree>,
    /// Values instead of those that blueprints give in `let`.
    #[serde(rename = "let")]
    pub bindings: IndexMap<String, Tree>,
    /// More tags.
    pub tags: IndexMap<Located<String>, Text>,
    /// The same for single blueprints, by name.
    pub blueprints: IndexMap<String, Values>,
}

/// Values of one blueprint in one environment.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Values {
    /// Defaults for its parameters.
    pub parameters: IndexMap<String, Tree>,
    /// Values instead of those in its `let`.
    #[serde(rename = "let")]
    pub bindings: IndexMap<String, Tree>,
}

/// Kinds that every blueprint must have, or must not have.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Kinds {
    /// Every blueprint has a component of each of these kinds.
    pub required: Vec<Located<String>>,
    /// No blueprint has a component of one of these kinds.
    pub forbidden: Vec<Located<String>>,
}

/// A finding that is known and accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// The name of the finding.
    pub code: Located<String>,
    /// The blueprints that it is accepted in. Without it, all.
    pub blueprints: Option<Vec<String>>,
    /// Why it is fine.
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// What the settings mean for one blueprint in one environment: trees of `formwork.yaml` by what they stand for.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What the full names of components start with, in a module.
    pub prefix: String,
    /// The name of the environment.
    pub environment: Option<String>,
    /// Defaults of parameters.
    pub parameters: Vec<Entry>,
    /// Values of `let`.
    pub bindings: Vec<Entry>,
    /// Fields that components of each kind get where they do not have them.
    pub fields: Vec<(String, Vec<Entry>)>,
}

impl Settings {
    /// The settings for one blueprint. `has_field` says which kind has which field.
    pub fn new(
        root: &Node,
        environment: Option<&str>,
        blueprint: &str,
        kinds: &[&str],
        has_field: &dyn Fn(&str, &str) -> bool,
    ) -> Self {
        let mut settings = Self { environment: environment.map(str::to_owned), ..Self::default() };
        let environments = entry(root, "environments").map(|entry| &entry.value);
        if let Some(chosen) = environments.zip(environment).and_then(|(all, name)| expand::field(all, name)) {
            // What is said for one blueprint comes first, and the first one counts.
            let own = expand::field(chosen, "blueprints").and_then(|all| expand::field(all, blueprint));
            for values in own.into_iter().chain([chosen]) {
                settings.parameters.extend_from_slice(section(values, "parameters"));
                settings.bindings.extend_from_slice(section(values, "let"));
            }
        }
        let Some(defaults) = expand::field(root, "defaults") else { return settings };
        let by_kind = section(defaults, "kinds");
        for kind in kinds {
            let mut fields = Vec::new();
            if let Some(Data::Map(own)) = by_kind.iter().find(|entry| entry.key.text == *kind).map(|e| &e.value.data) {
                fields.extend_from_slice(own);
            }
            for (setting, field) in [("key", "encryption"), ("retention_days", "retention_days"), ("name", "name")] {
                let Some(found) = entry(defaults, setting).filter(|_| has_field(kind, field)) else { continue };
                let mut key = found.key.clone();
                field.clone_into(&mut key.text);
                let value = if setting == "key" {
                    Node { span: found.value.span, tag: None, data: Data::Map(vec![found.clone()]) }
                } else {
                    found.value.clone()
                };
                fields.push(Entry { key, value });
            }
            if !fields.is_empty() {
                settings.fields.push(((*kind).to_owned(), fields));
            }
        }
        settings
    }

    /// Adds to a component what the settings say for its kind and it does not say itself.
    pub fn complete(&self, component: &mut Node) {
        let Some(kind) = super::string(component, "kind") else { return };
        let Some((_, fields)) = self.fields.iter().find(|(known, _)| *known == kind) else { return };
        add_missing(component, fields);
    }
}

fn add_missing(node: &mut Node, fields: &[Entry]) {
    let Data::Map(own) = &mut node.data else { return };
    for field in fields {
        match own.iter_mut().find(|entry| entry.key.text == field.key.text) {
            None => own.push(field.clone()),
            Some(known) => {
                if let Data::Map(inner) = &field.value.data {
                    add_missing(&mut known.value, inner);
                }
            }
        }
    }
}
