//! The policy documents of IAM, wherever they stand in a template.

mod actions;
mod conditions;
mod elements;
mod principals;
mod shape;

use std::borrow::Cow;

pub use actions::{check_action, matches};

use super::known::{branches, within};
use super::{Context, json_text};
use crate::diagnostics::{Code, Sink};
use crate::template::{Data, Map, Resource, Template, Value};

/// The codes of policies, file by file.
pub static CODES: &[&[&Code]] = &[actions::CODES, conditions::CODES, elements::CODES, principals::CODES];

/// What a policy document is attached to, which decides what may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Who acts.
    Identity,
    /// A role: who may act with it.
    Trust,
    /// What is acted on.
    Resource,
    /// What is acted on, where it need not be named again.
    Registry,
    /// One statement of a policy of what is acted on.
    Statement,
}

impl Family {
    /// Whether the document belongs to what is acted on, and says who may do it.
    pub fn is_of_resource(self) -> bool {
        !matches!(self, Self::Identity | Self::Trust)
    }
}

/// Where policy documents stand: type, path from its properties, and what they are attached to.
///
/// Source: the provider schemas of the types; IAM User Guide, "Identity-based policies and resource-based policies"
/// and "AWS services that work with IAM".
const PLACES: &[(&str, &str, Family)] = &[
    ("AWS::ApiGateway::RestApi", "Policy", Family::Registry),
    ("AWS::Backup::BackupVault", "AccessPolicy", Family::Resource),
    ("AWS::DynamoDB::Table", "ResourcePolicy/PolicyDocument", Family::Resource),
    ("AWS::EC2::VPCEndpoint", "PolicyDocument", Family::Resource),
    ("AWS::ECR::RegistryPolicy", "PolicyText", Family::Resource),
    ("AWS::ECR::Repository", "RepositoryPolicyText", Family::Registry),
    ("AWS::EFS::FileSystem", "FileSystemPolicy", Family::Registry),
    ("AWS::Elasticsearch::Domain", "AccessPolicies", Family::Resource),
    ("AWS::Events::EventBus", "Policy", Family::Resource),
    ("AWS::Events::EventBusPolicy", "Statement", Family::Statement),
    ("AWS::IAM::Group", "Policies/*/PolicyDocument", Family::Identity),
    ("AWS::IAM::GroupPolicy", "PolicyDocument", Family::Identity),
    ("AWS::IAM::ManagedPolicy", "PolicyDocument", Family::Identity),
    ("AWS::IAM::Policy", "PolicyDocument", Family::Identity),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument", Family::Trust),
    ("AWS::IAM::Role", "Policies/*/PolicyDocument", Family::Identity),
    ("AWS::IAM::RolePolicy", "PolicyDocument", Family::Identity),
    ("AWS::IAM::User", "Policies/*/PolicyDocument", Family::Identity),
    ("AWS::IAM::UserPolicy", "PolicyDocument", Family::Identity),
    ("AWS::KMS::Key", "KeyPolicy", Family::Resource),
    ("AWS::KMS::ReplicaKey", "KeyPolicy", Family::Resource),
    ("AWS::Kinesis::ResourcePolicy", "ResourcePolicy", Family::Resource),
    ("AWS::Logs::Destination", "DestinationPolicy", Family::Resource),
    ("AWS::Logs::ResourcePolicy", "PolicyDocument", Family::Resource),
    ("AWS::OpenSearchService::Domain", "AccessPolicies", Family::Resource),
    ("AWS::S3::AccessPoint", "Policy", Family::Resource),
    ("AWS::S3::BucketPolicy", "PolicyDocument", Family::Resource),
    ("AWS::SNS::TopicInlinePolicy", "PolicyDocument", Family::Resource),
    ("AWS::SNS::TopicPolicy", "PolicyDocument", Family::Resource),
    ("AWS::SQS::QueueInlinePolicy", "PolicyDocument", Family::Resource),
    ("AWS::SQS::QueuePolicy", "PolicyDocument", Family::Resource),
    ("AWS::SSO::PermissionSet", "InlinePolicy", Family::Identity),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", Family::Resource),
];

/// A policy document of a template.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// The resource that it stands in.
    pub resource: &'a Resource,
    /// Its path in the template.
    pub path: String,
    /// What it is attached to.
    pub family: Family,
    /// All of it; what is written as JSON text is read.
    pub value: Cow<'a, Value>,
}

impl<'a> Document<'a> {
    /// Its statements with their paths, as far as they are known.
    pub fn statements(&self) -> Vec<(String, &Map)> {
        self.statements_of(self.value.as_ref())
    }

    /// The same for a document that is written as properties; nothing for one that is written as text.
    pub fn written_statements(&self) -> Vec<(String, &'a Map)> {
        match self.value {
            Cow::Borrowed(value) => self.statements_of(value),
            Cow::Owned(_) => Vec::new(),
        }
    }

    fn statements_of<'v>(&self, value: &'v Value) -> Vec<(String, &'v Map)> {
        let found: Vec<(String, &'v Value)> = if self.family == Family::Statement {
            vec![(self.path.clone(), value)]
        } else {
            let section = value.as_map().and_then(|document| document.get("Statement"));
            section.map_or(Vec::new(), |section| each(section, &format!("{}/Statement", self.path)))
        };
        found.into_iter().filter_map(|(path, value)| Some((path, value.as_map()?))).collect()
    }

    /// Whether all of its statements are known.
    pub fn is_known(&self) -> bool {
        let Some(document) = self.value.as_map() else { return false };
        let open = |map: &Map| map.0.iter().any(|(key, _)| key.text.starts_with("Fn::"));
        let section = document.get("Statement");
        !open(document)
            && section.is_some_and(|section| {
                each(section, "").iter().all(|(_, value)| value.as_map().is_some_and(|map| !open(map)))
            })
    }
}

/// The items of what may be one or a list of them, with their paths; conditions may choose.
pub fn each<'v>(value: &'v Value, path: &str) -> Vec<(String, &'v Value)> {
    let mut found = Vec::new();
    for (path, value) in branches(value, path) {
        match &value.data {
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    found.extend(branches(item, &format!("{path}/{index}")));
                }
            }
            _ => found.push((path, value)),
        }
    }
    found
}

/// The items of a key of a statement, see [`each`].
pub fn entries<'m>(statement: &'m Map, key: &str, path: &str) -> Vec<(String, &'m Value)> {
    statement.get(key).map_or(Vec::new(), |value| each(value, &format!("{path}/{key}")))
}

/// All policy documents of a template.
pub fn documents(template: &Template) -> Vec<Document<'_>> {
    template.resources.iter().flat_map(of_resource).collect()
}

/// The policy documents of a resource.
fn of_resource(resource: &Resource) -> Vec<Document<'_>> {
    let mut found = Vec::new();
    for (_, path, family) in PLACES.iter().filter(|(kind, ..)| *kind == resource.kind) {
        let start = format!("Resources/{}/Properties", resource.id);
        let keys: Vec<&str> = path.split('/').collect();
        for (path, value) in within(&resource.properties, &keys, &start) {
            let value = json_text::read(value).map_or(Cow::Borrowed(value), Cow::Owned);
            found.push(Document { resource, path, family: *family, value });
        }
    }
    found
}

/// Checks all policy documents.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for document in &context.policies {
        shape::check(context, document, sink);
        elements::check(context, document, sink);
        for (path, statement) in document.statements() {
            actions::check(context, document, statement, &path, sink);
            conditions::check(context, statement, &path, sink);
            principals::check(context, statement, &path, sink);
        }
    }
}
