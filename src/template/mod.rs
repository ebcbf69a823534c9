//! The CloudFormation template: typed values with origins, and how they are written out.
//!
//! This layer knows nothing of blueprints: a template written by hand enters the program here.

pub mod base64;
pub mod emit;
pub mod event_pattern;
pub mod hive;
pub mod iam;
mod loops;
pub mod read;
pub mod services;
pub mod sql;
mod value;

pub use value::{Data, Function, Key, Map, Payload, SubPart, Value, references, sub_names, sub_parts};

use crate::source::Origin;

/// The limits of a template. Source: CloudFormation User Guide, "CloudFormation quotas".
pub const MAX_RESOURCES: usize = 500;
/// See [`MAX_RESOURCES`].
pub const MAX_PARAMETERS: usize = 200;
/// See [`MAX_RESOURCES`].
pub const MAX_OUTPUTS: usize = 200;
/// Bytes of a template that is deployed from S3. See [`MAX_RESOURCES`].
pub const MAX_BYTES: usize = 1_000_000;
/// Bytes of a template that is sent with the request. See [`MAX_RESOURCES`].
pub const MAX_INLINE_BYTES: usize = 51_200;
/// Characters of all inline policies of a role. Source: IAM User Guide, "IAM and AWS STS quotas".
pub const MAX_ROLE_POLICY_CHARACTERS: usize = 10_240;

/// The pseudo parameters.
///
/// Source: CloudFormation User Guide, "Get AWS values using pseudo parameters".
pub const PSEUDO_PARAMETERS: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// A CloudFormation template.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// `Description`
    pub description: Option<Value>,
    /// `Metadata`, in order.
    pub metadata: Map,
    /// `Parameters`, in order.
    pub parameters: Map,
    /// `Mappings`, in order.
    pub mappings: Map,
    /// `Conditions`, in order.
    pub conditions: Map,
    /// `Rules`, in order.
    pub rules: Map,
    /// The macros that go over the whole template, by name.
    pub transforms: Vec<String>,
    /// `Resources`, in order of their logical ids once complete.
    pub resources: Vec<Resource>,
    /// `Outputs`, in order.
    pub outputs: Map,
    /// Whether there are loops over what is known only at deployment; all others are written out.
    pub has_unknown_loops: bool,
    /// All of it as it is written, if it was written by hand.
    pub written: Option<Value>,
}

/// A resource of a template.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its logical id.
    pub id: String,
    /// What made it necessary.
    pub origin: Origin,
    /// `Type`, for example `AWS::S3::Bucket`.
    pub kind: String,
    /// `Properties`
    pub properties: Map,
    /// `Condition`: the name of the one under which it exists.
    pub condition: Option<String>,
    /// `DependsOn`: logical ids in order, each once.
    pub depends_on: Vec<String>,
    /// `DeletionPolicy` and `UpdateReplacePolicy`, which are only ever set together.
    pub removal: Option<Removal>,
    /// All of it as it is written, if it was written by hand.
    pub attributes: Map,
}

/// What happens to a resource that leaves its stack or is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It stays.
    Retain,
    /// It goes.
    Delete,
}

impl Removal {
    /// The word of CloudFormation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retain => "Retain",
            Self::Delete => "Delete",
        }
    }
}

impl Template {
    /// The resource with this logical id.
    pub fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    /// The whole template as one value, in the order in which it is written out.
    pub fn to_value(&self, origin: Origin) -> Value {
        let mut top =
            crate::map!(origin; "AWSTemplateFormatVersion" => "2010-09-09", "Description" => self.description.clone());
        let sections =
            [("Metadata", &self.metadata), ("Parameters", &self.parameters), ("Conditions", &self.conditions)];
        for (name, section) in sections {
            top.push(name, origin, (!section.is_empty()).then(|| section.clone()));
        }
        let mut resources = Map::default();
        for resource in &self.resources {
            resources.push(&resource.id, resource.origin, resource.to_map());
        }
        top.push("Resources", origin, resources);
        top.push("Outputs", origin, (!self.outputs.is_empty()).then(|| self.outputs.clone()));
        Value::new(origin, Data::Map(top))
    }
}

impl Resource {
    fn to_map(&self) -> Map {
        let depends_on = match self.depends_on.as_slice() {
            [] => Payload::Nothing,
            [one] => one.as_str().into(),
            many => many.iter().map(String::as_str).collect::<Vec<_>>().into(),
        };
        crate::map!(self.origin;
            "Type" => self.kind.as_str(),
            "Condition" => self.condition.as_deref(),
            "DependsOn" => depends_on,
            "DeletionPolicy" => self.removal.map(Removal::name),
            "UpdateReplacePolicy" => self.removal.map(Removal::name),
            "Properties" => (!self.properties.is_empty()).then(|| self.properties.clone()),
        )
    }
}
