//! How a raw resource stands for a component of a kind: `kind: resource` with the type of what the kind makes.
//!
//! The kind reads from the properties what its grants depend on, and gives a component that grants as its own do. So
//! each grant is written once, and works for both.

use std::cell::RefCell;

use super::encryption::{Encryption, KeyReference};
use super::{Access, Component, Port, Site};
use crate::blueprint::text::{Located, Part, Setting, Text, Tree, TreeData};
use crate::source::{Origin, Span};
use crate::template::Map;
use crate::template::iam::Statement;

/// What a resource of CloudFormation is as a component of a kind.
#[derive(Debug)]
pub struct Standing {
    /// The types that can be used as what the kind makes.
    pub types: &'static [&'static str],
    /// The role that the resource has in a component of the kind.
    pub role: &'static str,
    /// What the kind does for others and a raw resource cannot, with the reason.
    pub without: &'static [(Port, &'static str)],
    /// Where its own policy is.
    pub policy: Policy,
    /// Gives a component that grants what a resource with these properties can grant.
    pub read: fn(&Properties<'_>) -> Box<dyn Component>,
}

/// Where the policy of a resource is.
#[derive(Debug)]
pub enum Policy {
    /// It has none, or one beside others: what is added does not touch what the user wrote.
    Free,
    /// A resource of this type, of which there is one: it names what it is for in this property.
    Beside(&'static str, &'static str),
    /// This property, which is made so of statements where the user wrote none.
    Inside(&'static str, fn(Origin, Vec<Statement>) -> Map),
}

/// Something about a resource that must be known for some uses, and is not.
#[derive(Clone, Debug)]
pub struct Unclear {
    /// What, and why it is not known; after the name of the component.
    pub why: String,
    /// What to do.
    pub help: &'static str,
    /// The property.
    pub span: Span,
    /// The uses that depend on it.
    pub concerns: fn(&Access) -> bool,
}

/// The properties of a resource as the user wrote them.
pub struct Properties<'a> {
    tree: Option<&'a Tree>,
    unclear: RefCell<Vec<Unclear>>,
}

/// What is needed of a component that only has its resource.
#[derive(Debug)]
struct Plain;

impl Component for Plain {
    fn compose(&self, _site: &mut Site<'_>) {}
}

/// For kinds that nothing is granted on.
pub fn plain(_properties: &Properties<'_>) -> Box<dyn Component> {
    Box::new(Plain)
}

/// Uses that grant no right on what is encrypted.
fn uses_key(access: &Access) -> bool {
    !matches!(
        access,
        Access::AddRule | Access::Archive | Access::Encrypt | Access::Locate | Access::TailLogs | Access::Watch
    )
}

/// The names of keys that AWS manages start so, and who uses them needs no right from anyone.
///
/// Source: KMS Developer Guide, "AWS managed keys".
const MANAGED: &str = "alias/aws/";

impl<'a> Properties<'a> {
    /// The properties of a resource.
    pub fn new(tree: Option<&'a Tree>) -> Self {
        Self { tree, unclear: RefCell::default() }
    }

    /// What was asked for and is not known.
    pub fn unclear(self) -> Vec<Unclear> {
        self.unclear.into_inner()
    }

    /// A property; in lists the first item is meant.
    pub fn get(&self, path: &[&str]) -> Option<&'a Tree> {
        path.iter().try_fold(self.tree?, |tree, name| {
            let tree = match &tree.data {
                TreeData::List(items) => items.first()?,
                _ => tree,
            };
            match &tree.data {
                TreeData::Map(entries) => entries.iter().find(|(key, ..)| key == name).map(|(.., tree)| tree),
                _ => None,
            }
        })
    }

    /// The function that gives what a property is in, if one does.
    fn function_around(&self, path: &[&str]) -> Option<&'a Tree> {
        (1..path.len()).filter_map(|length| self.get(&path[..length])).find(|tree| {
            let tree = match &tree.data {
                TreeData::List(items) => items.first().unwrap_or(tree),
                _ => tree,
            };
            matches!(&tree.data, TreeData::Map(entries) if entries.iter().any(|(key, ..)| key.starts_with("Fn::")))
        })
    }

    /// Whether a property is there at all.
    pub fn has(&self, name: &str) -> bool {
        self.get(&[name]).is_some()
    }

    /// A text; `None` also for what only a function of CloudFormation gives.
    pub fn text(&self, path: &[&str]) -> Option<&'a Text> {
        match &self.get(path)?.data {
            TreeData::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text that is written out.
    pub fn literal(&self, path: &[&str]) -> Option<String> {
        self.text(path)?.literal().map(std::borrow::Cow::into_owned)
    }

    /// A number that is written, as number or text.
    pub fn number(&self, path: &[&str]) -> Option<(u32, Span)> {
        let tree = self.get(path)?;
        let number = match &tree.data {
            TreeData::Plain(json) => json.as_u64().and_then(|number| u32::try_from(number).ok()),
            TreeData::Text(text) => text.literal().and_then(|text| text.parse().ok()),
            TreeData::List(_) | TreeData::Map(_) => None,
        };
        number.map(|number| (number, tree.span))
    }

    /// A number as a field has it: written, or known only at deployment.
    pub fn setting(&self, path: &[&str]) -> Option<Setting<u32>> {
        let tree = self.get(path)?;
        Some(match self.number(path) {
            Some((number, span)) => Setting::Known(Located::at(number, span)),
            None => Setting::Deferred(Text { span: tree.span, parts: Vec::new() }),
        })
    }

    /// A boolean, which is false where it is not given. One that is known only at deployment is unclear.
    pub fn flag(&self, name: &str, concerns: fn(&Access) -> bool) -> bool {
        let Some(tree) = self.get(&[name]) else { return false };
        let known = match &tree.data {
            TreeData::Plain(json) => json.as_bool(),
            TreeData::Text(text) => text.literal().and_then(|text| text.parse().ok()),
            TreeData::List(_) | TreeData::Map(_) => None,
        };
        if known.is_none() {
            let why = format!("`{name}` is known only at deployment");
            self.note(why, "write `true` or `false`, and give each its own component with `when`", tree.span, concerns);
        }
        known.unwrap_or_default()
    }

    /// The key in a property as the field `encryption` has it; nothing for one that AWS manages.
    pub fn key(&self, path: &[&str]) -> Option<Encryption> {
        let tree = self.get(path).or_else(|| self.function_around(path))?;
        let TreeData::Text(text) = &tree.data else {
            self.note(
                format!("`{}` is given by a function", path.last().copied().unwrap_or_default()),
                "write the ARN of the key, `${key.arn}` of a `kms-key`, or a parameter that holds the ARN",
                tree.span,
                uses_key,
            );
            return None;
        };
        let mut key = text.clone();
        if let Some(name) = text.literal().filter(|name| !name.starts_with("arn:")) {
            if name.starts_with(MANAGED) {
                return None;
            }
            if name.starts_with("alias/") {
                let why = format!("the key behind `{name}` is not known");
                self.note(why, "write the ARN of the key instead of its alias", text.span, uses_key);
                return None;
            }
            let part = |name: &str| Part::Reference(name.to_owned(), text.span);
            let literal = |text: &str| Part::Literal(text.to_owned());
            key.parts = vec![
                literal("arn:"),
                part("AWS::Partition"),
                literal(":kms:"),
                part("AWS::Region"),
                literal(":"),
                part("AWS::AccountId"),
                literal(&format!(":key/{name}")),
            ];
        }
        Some(Encryption::Key(KeyReference { key }))
    }

    /// Notes that something is not known.
    pub fn note(&self, why: String, help: &'static str, span: Span, concerns: fn(&Access) -> bool) {
        self.unclear.borrow_mut().push(Unclear { why, help, span, concerns });
    }
}
