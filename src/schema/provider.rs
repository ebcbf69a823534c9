//! The resource types of CloudFormation, decoded when they are first asked for.
//!
//! `build.rs` packs `schemas/provider` into the binary; `scripts/update-schemas` derives those files.

use std::sync::OnceLock;

use super::Instance;
use super::model::{Document, Lifecycle, Resource, Schema, Types};
use super::union::types_of;
use super::validate::{Leniency, Options, Outcome, validate};

/// Name, start and end in [`RECORDS`], by name.
#[expect(clippy::unreadable_literal, reason = "the file is generated")]
const INDEX: &[(&str, usize, usize)] = include!(concat!(env!("OUT_DIR"), "/provider_index.rs"));

static RECORDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/provider.postcard"));

// One cell a type: threads that check templates side by side wait for nobody but who decodes the same type.
static DECODED: [OnceLock<Option<Box<ResourceType>>>; INDEX.len()] = [const { OnceLock::new() }; INDEX.len()];

/// A resource type, and what CloudFormation says about its properties.
#[derive(Debug)]
pub struct ResourceType {
    name: &'static str,
    resource: Resource,
    read_only: Vec<Vec<String>>,
}

/// The resource type of this name.
pub fn resource_type(name: &str) -> Option<&'static ResourceType> {
    let position = INDEX.binary_search_by(|(known, ..)| (*known).cmp(name)).ok()?;
    DECODED.get(position)?.get_or_init(|| decode(position).map(Box::new)).as_deref()
}

/// The names of all resource types, sorted.
pub fn type_names() -> impl ExactSizeIterator<Item = &'static str> {
    INDEX.iter().map(|(name, ..)| *name)
}

fn decode(position: usize) -> Option<ResourceType> {
    let (name, start, end) = *INDEX.get(position)?;
    // A test decodes every record.
    let resource: Resource = postcard::from_bytes(RECORDS.get(start..end)?).ok()?;
    let read_only = resource.read_only.iter().map(|path| path.split('/').map(ToOwned::to_owned).collect()).collect();
    Some(ResourceType { name, resource, read_only })
}

impl ResourceType {
    /// Its name, as `AWS::S3::Bucket`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The schema of its `Properties`, with all that it refers to.
    pub fn document(&self) -> &Document {
        &self.resource.document
    }

    /// The schema of a property, by its path from `Properties`; `*` stands for an item of a list.
    pub fn property(&self, path: &[&str]) -> Option<&Schema> {
        self.resource.document.at(path)
    }

    /// The formats that a property may have, as `AWS::KMS::Key.Arn`: of what, and in which form, it is the name.
    pub fn formats(&self, path: &[&str]) -> Vec<&str> {
        self.property(path).map_or(Vec::new(), |schema| self.resource.document.formats(schema))
    }

    /// The types that a property may be of.
    pub fn types(&self, path: &[&str]) -> Types {
        let document = &self.resource.document;
        self.property(path).map_or(Types::ANY, |schema| types_of(document, &document.flatten(schema), 0))
    }

    /// Whether the properties of a resource satisfy its type.
    pub fn validate<I: Instance>(&self, properties: &I) -> Outcome {
        let options = Options { leniency: Leniency::CloudFormation, read_only: &self.read_only, formats: true };
        validate(&self.resource.document, properties, options)
    }

    /// What `GetAtt` gives, as `Arn` or `Endpoint.Address`, sorted; `Outputs.*` stands for any name.
    pub fn attributes(&self) -> Vec<String> {
        let read_only = self.resource.read_only.iter().filter(|path| !path.contains('*'));
        let mut names: Vec<String> = read_only.map(|path| path.replace('/', ".")).collect();
        names.extend(self.resource.more_attributes.iter().cloned());
        names.sort();
        names.dedup();
        names
    }

    /// Whether `GetAtt` gives this.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes().iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.len() > start.len() && name.starts_with(start),
            None => known == name,
        })
    }

    /// Paths of properties that only CloudFormation sets; `*` is any item or key, here and below.
    pub fn read_only(&self) -> &[String] {
        &self.resource.read_only
    }

    /// Paths of properties whose change replaces the resource, as `Source/Name`.
    pub fn create_only(&self) -> &[String] {
        &self.resource.create_only
    }

    /// Paths of properties whose change may replace the resource.
    pub fn conditional_create_only(&self) -> &[String] {
        &self.resource.conditional_create_only
    }

    /// Paths of properties that cannot be read back.
    pub fn write_only(&self) -> &[String] {
        &self.resource.write_only
    }

    /// Paths of properties that should not be used any more.
    pub fn deprecated(&self) -> &[String] {
        &self.resource.deprecated
    }

    /// Paths of the properties that identify a resource together.
    pub fn primary_identifier(&self) -> &[String] {
        &self.resource.primary_identifier
    }

    /// Path of the property that takes tags, if the type takes any.
    pub fn taggable(&self) -> Option<&str> {
        self.resource.tags.as_deref()
    }

    /// If its service goes, or is gone.
    pub fn lifecycle(&self) -> Option<&Lifecycle> {
        self.resource.lifecycle.as_ref()
    }

    /// Whether the type exists in us-east-1.
    pub fn in_us_east_1(&self) -> bool {
        self.resource.in_us_east_1
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::testing::{said, value};
    use crate::schema::{Verdict, ViolationKind};

    fn known(name: &str) -> &'static ResourceType {
        resource_type(name).unwrap_or_else(|| panic!("{name} is not known"))
    }

    #[test]
    fn names_are_sorted_and_found() {
        assert!(type_names().is_sorted());
        assert!(type_names().all(|name| name.split("::").count() == 3));
        assert!(resource_type("AWS::S3::Buckett").is_none());
        assert!(resource_type("").is_none());
    }

    #[test]
    fn attributes_reach_into_objects() {
        let queue = known("AWS::SQS::Queue");
        assert!(queue.has_attribute("Arn") && queue.has_attribute("QueueName") && !queue.has_attribute("Url"));
        assert!(known("AWS::RDS::DBInstance").has_attribute("Endpoint.Address"));
        let stack = known("AWS::CloudFormation::Stack");
        assert!(stack.has_attribute("Outputs.BucketName") && !stack.has_attribute("Outputs."));
        assert!(known("AWS::CloudFormation::CustomResource").has_attribute("Anything"));
    }

    #[test]
    fn facts_about_a_type_are_kept() {
        let stream = known("AWS::KinesisFirehose::DeliveryStream");
        assert!(stream.create_only().contains(&"DeliveryStreamType".to_owned()));
        assert_eq!(stream.taggable(), Some("Tags"));
        assert_eq!(stream.primary_identifier(), ["DeliveryStreamName"]);
        assert!(stream.in_us_east_1() && stream.lifecycle().is_none());
        let gone: Vec<&Lifecycle> = type_names().filter_map(|name| known(name).lifecycle()).collect();
        assert!(gone.len() > 50, "{}", gone.len());
        assert!(
            gone.iter().all(|lifecycle| ["maintenance", "sunset", "shutdown"].contains(&lifecycle.status.as_str()))
        );
    }

    #[test]
    fn properties_are_found_through_references() {
        let stream = known("AWS::KinesisFirehose::DeliveryStream");
        let size = stream.property(&["ExtendedS3DestinationConfiguration", "BufferingHints", "SizeInMBs"]);
        assert!(size.is_some());
        assert!(stream.property(&["Tags", "*", "Key"]).is_some());
        assert_eq!(
            known("AWS::SQS::Queue").formats(&["KmsMasterKeyId"]),
            ["AWS::KMS::Key.Arn", "AWS::KMS::Key.Id", "AWS::KMS::Alias.AliasName"]
        );
        assert!(stream.property(&["ExtendedS3DestinationConfiguration", "Nothing"]).is_none());
    }

    #[test]
    fn a_read_only_property_must_not_be_given() {
        let outcome = known("AWS::S3::Bucket").validate(&value(&json!({"Arn": "arn", "BucketName": "name"})));
        assert_eq!(outcome.verdict, Verdict::Invalid);
        assert_eq!(said(&outcome), ["/Arn: property `Arn` is read-only"]);
        let volumes = json!({"AdditionalStorageVolumes": [{"VolumeName": "x", "StorageOperationStatus": "y"}]});
        let slip = known("AWS::SQS::Queue").validate(&value(&json!({"Ar": "arn"})));
        assert!(slip.violations.iter().all(|violation| violation.help().is_some_and(|help| !help.contains("Arn"))));
        let outcome = known("AWS::RDS::DBInstance").validate(&value(&volumes));
        assert!(
            outcome.violations.iter().any(|violation| matches!(violation.kind, ViolationKind::ReadOnly { .. })),
            "{outcome:?}"
        );
    }

    #[test]
    fn a_real_mistake_is_said_as_such() {
        let bucket = known("AWS::S3::Bucket");
        let properties = json!({
            "BucketName": "My_Bucket",
            "VersioningConfiguration": {"Status": "On"},
            "Tags": [{"Key": "a"}],
            "BucketEncription": {},
        });
        let said = said(&bucket.validate(&value(&properties)));
        assert_eq!(
            said[1..],
            [
                "/VersioningConfiguration/Status: `On` is not one of `Enabled` or `Suspended`",
                "/Tags/0: property `Value` is missing",
                "/BucketEncription: unknown property `BucketEncription`",
            ],
        );
        assert!(said[0].starts_with("/BucketName: `My_Bucket` does not match"), "{said:?}");
    }
}
