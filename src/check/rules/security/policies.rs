//! The statements of policy documents, wherever a template has them.

use super::{Found, values};
use crate::check::Context;
use crate::check::known::{Given, choices, given, text};
use crate::template::{Data, Map, Resource, Value};

/// What a policy belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A user, a group or a role: what it may do.
    Identity,
    /// A role: who may take it.
    Trust,
    /// A resource: who may do what with it.
    Resource,
}

/// Where policy documents are.
///
/// Source: the provider schemas of the types.
const DOCUMENTS: &[(&str, &[&str], Sort)] = &[
    ("AWS::ApiGateway::RestApi", &["Policy"], Sort::Resource),
    ("AWS::ECR::Repository", &["RepositoryPolicyText"], Sort::Resource),
    ("AWS::EFS::FileSystem", &["FileSystemPolicy"], Sort::Resource),
    ("AWS::Elasticsearch::Domain", &["AccessPolicies"], Sort::Resource),
    ("AWS::Events::EventBus", &["Policy"], Sort::Resource),
    ("AWS::IAM::Group", &["Policies", "*", "PolicyDocument"], Sort::Identity),
    ("AWS::IAM::GroupPolicy", &["PolicyDocument"], Sort::Identity),
    ("AWS::IAM::ManagedPolicy", &["PolicyDocument"], Sort::Identity),
    ("AWS::IAM::Policy", &["PolicyDocument"], Sort::Identity),
    ("AWS::IAM::Role", &["AssumeRolePolicyDocument"], Sort::Trust),
    ("AWS::IAM::Role", &["Policies", "*", "PolicyDocument"], Sort::Identity),
    ("AWS::IAM::RolePolicy", &["PolicyDocument"], Sort::Identity),
    ("AWS::IAM::User", &["Policies", "*", "PolicyDocument"], Sort::Identity),
    ("AWS::IAM::UserPolicy", &["PolicyDocument"], Sort::Identity),
    ("AWS::KMS::Key", &["KeyPolicy"], Sort::Resource),
    ("AWS::KMS::ReplicaKey", &["KeyPolicy"], Sort::Resource),
    ("AWS::Kinesis::ResourcePolicy", &["ResourcePolicy"], Sort::Resource),
    ("AWS::OpenSearchService::Domain", &["AccessPolicies"], Sort::Resource),
    ("AWS::S3::AccessPoint", &["Policy"], Sort::Resource),
    ("AWS::S3::BucketPolicy", &["PolicyDocument"], Sort::Resource),
    ("AWS::SNS::TopicInlinePolicy", &["PolicyDocument"], Sort::Resource),
    ("AWS::SNS::TopicPolicy", &["PolicyDocument"], Sort::Resource),
    ("AWS::SQS::QueueInlinePolicy", &["PolicyDocument"], Sort::Resource),
    ("AWS::SQS::QueuePolicy", &["PolicyDocument"], Sort::Resource),
    ("AWS::SecretsManager::ResourcePolicy", &["ResourcePolicy"], Sort::Resource),
];

/// A type whose property `Statement` is the one statement of a policy.
const SINGLE: &str = "AWS::Events::EventBusPolicy";

/// A statement that allows something.
pub struct Statement<'a> {
    /// The resource that it is written in.
    pub resource: &'a Resource,
    /// What its policy belongs to.
    pub sort: Sort,
    /// Its path in the template.
    pub path: String,
    /// What it says.
    pub map: &'a Map,
}

/// A text in a statement.
pub struct Word<'a> {
    /// The value.
    pub value: &'a Value,
    /// Its text, if all of it is known.
    pub text: Option<String>,
}

/// All statements that allow something.
pub fn allowing<'a>(context: &Context<'a>) -> Vec<Statement<'a>> {
    let mut all = Vec::new();
    for resource in &context.template.resources {
        let sorts = DOCUMENTS.iter().filter(|(kind, ..)| *kind == resource.kind);
        let documents = sorts.map(|(_, path, sort)| (path.to_vec(), *sort));
        let single = (resource.kind == SINGLE).then(|| (Vec::new(), Sort::Resource));
        for (mut path, sort) in documents.chain(single) {
            path.push("Statement");
            for Found { path, value } in values(resource, &path) {
                add(value, path, resource, sort, &mut all);
            }
        }
    }
    all
}

fn add<'a>(value: &'a Value, path: String, resource: &'a Resource, sort: Sort, all: &mut Vec<Statement<'a>>) {
    match &value.data {
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                for item in choices(item) {
                    add(item, format!("{path}/{index}"), resource, sort, all);
                }
            }
        }
        Data::Map(map) if map.get("Effect").and_then(text).is_some_and(|effect| effect == "Allow") => {
            all.push(Statement { resource, sort, path, map });
        }
        _ => {}
    }
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

    /// The texts of an element that is one text or a list of them.
    pub fn words(&self, name: &str) -> Vec<Word<'a>> {
        self.map.get(name).map(words).unwrap_or_default()
    }

    /// Whether an action is certainly among those that it allows.
    pub fn allows(&self, action: &str) -> bool {
        self.words("Action").iter().filter_map(|word| word.text.as_deref()).any(|pattern| matches(pattern, action))
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
pub fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let (pattern, action) = (pattern.as_bytes(), action.as_bytes());
    let (mut at, mut from, mut retry) = (0, 0, None);
    while from < action.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == action[from] => {
                at += 1;
                from += 1;
            }
            _ => match retry {
                Some((star, start)) => {
                    retry = Some((star, start + 1));
                    (at, from) = (star + 1, start + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit_actions() {
        for (pattern, action, fits) in [
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
            assert_eq!(matches(pattern, action), fits, "{pattern} {action}");
        }
    }
}
