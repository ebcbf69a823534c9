//! The statements of policy documents, wherever a template has them.

use super::Found;
use crate::check::Context;
use crate::check::known::{Given, choices, given, text};
use crate::check::policies::{Family, matches};
use crate::template::{Data, Map, Resource, Value};

/// Types whose policies are about whom somebody else lets in, or are attached where that is decided.
const NOT_JUDGED: &[&str] = &[
    "AWS::Backup::BackupVault",
    "AWS::DynamoDB::Table",
    "AWS::EC2::VPCEndpoint",
    "AWS::ECR::RegistryPolicy",
    "AWS::Logs::Destination",
    "AWS::Logs::ResourcePolicy",
    "AWS::SSO::PermissionSet",
];

/// A statement that allows something.
pub struct Statement<'a> {
    /// The resource that it is written in.
    pub resource: &'a Resource,
    /// What its policy is attached to.
    pub family: Family,
    /// Its path in the template.
    pub path: String,
    /// What it says.
    pub map: &'a Map,
    /// Whether its policy also denies, to some of those that it lets in.
    is_limited: bool,
}

/// A text in a statement.
pub struct Word<'a> {
    /// The value.
    pub value: &'a Value,
    /// Its text, if all of it is known.
    pub text: Option<String>,
}

/// Condition keys that say how a request is sent, and not by whom. Those that begin with [`HEADERS`] are more of them.
///
/// Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Actions, resources,
/// and condition keys for Amazon S3".
const MANNER: &[&str] = &["aws:securetransport", "s3:tlsversion"];
const HEADERS: &str = "s3:x-amz-";

/// All statements that allow something, without those of permissions boundaries, which only limit what others allow.
pub fn allowing<'a>(context: &Context<'a>) -> Vec<Statement<'a>> {
    let mut all = Vec::new();
    let boundaries = boundaries(context);
    for document in &context.policies {
        let (resource, family) = (document.resource, document.family);
        if NOT_JUDGED.contains(&resource.kind.as_str()) || is_boundary(resource, &boundaries) {
            continue;
        }
        let statements = document.written_statements();
        let is_limited = statements.iter().any(|(_, map)| denies_some(map));
        let allows = |map: &Map| map.get("Effect").and_then(text).is_some_and(|effect| effect == "Allow");
        let allowing = statements.into_iter().filter(|(_, map)| allows(map));
        all.extend(allowing.map(|(path, map)| Statement { resource, family, path, map, is_limited }));
    }
    all
}

/// The policies that the template sets as boundaries.
fn boundaries<'a>(context: &Context<'a>) -> Vec<&'a str> {
    let used = context.template.resources.iter().filter_map(|one| one.properties.get("PermissionsBoundary"));
    used.filter_map(|value| context.target(value)).map(|policy| policy.id.as_str()).collect()
}

/// Whether a policy is a boundary: the template uses it as one, or its name says so, as it does where others use it.
fn is_boundary(resource: &Resource, used: &[&str]) -> bool {
    let is_named = || resource.id.to_ascii_lowercase().contains("boundary");
    resource.kind == "AWS::IAM::ManagedPolicy" && (used.contains(&resource.id.as_str()) || is_named())
}

/// Whether a statement denies something to all but some: to those whom a condition does not describe, or who are not
/// named.
fn denies_some(statement: &Map) -> bool {
    let is_deny = statement.get("Effect").is_none_or(|effect| text(effect).is_none_or(|effect| effect == "Deny"));
    is_deny && (statement.get("NotPrincipal").is_some() || !is_about_manner(statement))
}

/// Whether a statement has no conditions, or only such as ask how a request is sent.
fn is_about_manner(statement: &Map) -> bool {
    let Some(condition) = statement.get("Condition").filter(|_| given(statement, "Condition") != Given::No) else {
        return true;
    };
    let Some(operators) = condition.as_map() else { return false };
    operators.0.iter().all(|(_, keys)| {
        keys.as_map().is_some_and(|keys| {
            keys.0.iter().all(|(key, _)| {
                let key = key.text.to_ascii_lowercase();
                MANNER.contains(&key.as_str()) || key.starts_with(HEADERS)
            })
        })
    })
}

impl<'a> Statement<'a> {
    /// The value of an element, with its path.
    pub fn element(&self, name: &str) -> Option<Found<'a>> {
        self.map.get(name).map(|value| Found { path: format!("{}/{name}", self.path), value })
    }

    /// Whether nothing restricts it.
    pub fn is_unconditional(&self) -> bool {
        let is_empty = self.map.get("Condition").and_then(Value::as_map).is_some_and(Map::is_empty);
        is_empty || given(self.map, "Condition") == Given::No
    }

    /// Whether it lets in whoever its principals are: no condition asks who it is, and the policy denies it to nobody.
    pub fn is_for_anyone(&self) -> bool {
        is_about_manner(self.map) && !self.is_limited
    }

    /// The texts of an element that is one text or a list of them.
    pub fn words(&self, name: &str) -> Vec<Word<'a>> {
        self.map.get(name).map(words).unwrap_or_default()
    }

    /// Whether an action is certainly among those that it allows.
    pub fn allows(&self, action: &str) -> bool {
        self.words("Action").iter().filter_map(|word| word.text.as_deref()).any(|pattern| fits(pattern, action))
    }

    /// The principal that stands for everyone, if there is one.
    pub fn everyone(&self) -> Option<&'a Value> {
        let principal = self.map.get("Principal")?;
        choices(principal).into_iter().find_map(|value| match &value.data {
            Data::Map(map) => {
                map.get("AWS").map(words).into_iter().flatten().find(Word::is_star).map(|word| word.value)
            }
            _ => text(value).filter(|text| text == "*").map(|_| value),
        })
    }

    /// The word that makes it about all resources, if there is one.
    pub fn everything(&self) -> Option<&'a Value> {
        self.words("Resource").into_iter().find(Word::is_star).map(|word| word.value)
    }
}

impl Word<'_> {
    /// Whether it is `*` alone.
    pub fn is_star(&self) -> bool {
        self.text.as_deref() == Some("*")
    }
}

/// The texts of a value that is one text or a list of them.
pub fn words(value: &Value) -> Vec<Word<'_>> {
    choices(value)
        .into_iter()
        .flat_map(|value| match &value.data {
            Data::List(items) => items.iter().flat_map(words).collect(),
            _ => vec![Word { value, text: text(value) }],
        })
        .collect()
}

/// Whether an action fits a pattern with `*` and `?`. Case does not matter.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Action".
pub fn fits(pattern: &str, action: &str) -> bool {
    matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_actions() {
        for (pattern, action, expected) in [
            ("*", "s3:GetObject", true),
            ("s3:*", "s3:GetObject", true),
            ("S3:get*", "s3:GetObject", true),
            ("s3:Get?bject", "s3:GetObject", true),
            ("s3:*Object", "s3:GetObjectObject", true),
            ("s3:*Object", "s3:GetObjectAcl", false),
            ("s3:Get", "s3:GetObject", false),
            ("s3:GetObject*", "s3:GetObject", true),
            ("", "s3:GetObject", false),
            ("sqs:*", "s3:GetObject", false),
        ] {
            assert_eq!(fits(pattern, action), expected, "{pattern} {action}");
        }
    }
}
