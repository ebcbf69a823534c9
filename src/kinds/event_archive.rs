//! `event-archive`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::encryption::Encryption;
use super::s3_bucket::OnDelete;
use super::site::{event_pattern, own_arn};
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Kind, Place, Scope, Site, Wire};
use crate::blueprint::text::{Reference, Setting, Text, Tree};
use crate::map;
use crate::source::Origin;
use crate::template::iam::Statement;
use crate::template::{Map, Value};

/// An archive of EventBridge, which keeps the events of a bus so that they can be sent again.
///
/// ```yaml
/// components:
///   orders:
///     kind: event-bus
///   order-archive:
///     kind: event-archive
///     bus: orders
///     retention_days: 90
///     pattern: { source: [{ prefix: shop. }] }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Name of the archive. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// The bus: `default`, or an `event-bus`. The default is `default`.
    bus: Option<Reference>,
    /// Which events are kept, as an event pattern of EventBridge. Without it all.
    #[schemars(with = "Option<BTreeMap<String, Pattern>>", extend("minProperties" = 1))]
    pattern: Option<Tree>,
    /// Days after which an event is deleted. Without it events stay.
    #[schemars(extend("minimum" = 1))]
    retention_days: Option<Setting<u32>>,
    /// With which key events are encrypted. Use one where the bus has one.
    encryption: Option<Encryption>,
    /// What happens to the archive when the stack is deleted.
    #[serde(default)]
    on_delete: OnDelete,
}

/// A list of matchers or a nested pattern.
#[derive(JsonSchema)]
#[schemars(inline, extend("type" = ["array", "object"]))]
struct Pattern;

const ARCHIVE: &str = "Archive";
const SERVICE: &str = "events.amazonaws.com";
const DEFAULT_BUS: &str = "default";

impl Archive {
    /// The bus, unless it is the default one.
    fn own_bus(&self) -> Option<&Reference> {
        self.bus.as_ref().filter(|bus| bus.name() != DEFAULT_BUS)
    }
}

impl Component for Archive {
    fn wires(&self) -> Vec<Wire<'_>> {
        self.own_bus().map(|to| Wire { to, access: Access::Archive }).into_iter().collect()
    }

    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    /// Source: EventBridge User Guide, "Encrypting EventBridge archives with AWS KMS keys".
    fn key_users(&self, place: &Place, _scope: &Scope) -> Vec<Statement> {
        let origin = place.origin;
        let any = || vec![Value::string(origin, "*")];
        // The ARN of a bus that has the same key would make a cycle.
        let bus = if self.own_bus().is_some() { "event-bus/*" } else { "event-bus/default" };
        let bus = own_arn(origin, "events", bus);
        let context: Map =
            map!(origin; "StringLike" => map!(origin; "kms:EncryptionContext:aws:events:event-bus:arn" => bus));
        let data = &["kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncrypt*"];
        vec![
            Statement::allow(origin, &["kms:DescribeKey"], any()).named("Describe").service(SERVICE),
            Statement::allow(origin, data, any()).named("ArchivedEvents").service(SERVICE).when(context),
        ]
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let bus = match self.own_bus() {
            Some(_) => site.address(0),
            None => Some(own_arn(origin, "events", "event-bus/default")),
        };
        let key = self.encryption.as_ref().and_then(|encryption| encryption.key_arn(place, scope));
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, self.key_users(place, scope));
        }
        let pattern = self.pattern.as_ref();
        let pattern = pattern.map(|pattern| event_pattern(scope.tree(pattern), Origin::Written(pattern.span)));
        let properties = map!(origin;
            "ArchiveName" => self.name.as_ref().map(|name| scope.value(name)),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "SourceArn" => bus,
            "EventPattern" => pattern,
            "RetentionDays" => self.retention_days.as_ref().map(|days| scope.setting(days)),
            "KmsKeyIdentifier" => key,
        );
        site.add_stateful(ARCHIVE, "AWS::Events::Archive", self.on_delete.removal(), properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "event-archive",
    ports: &[],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the archive.", get: Get::Att(ARCHIVE, "Arn") },
        Attribute { name: "name", doc: "Name of the archive.", get: Get::Ref(ARCHIVE) },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Events::Archive"],
        role: ARCHIVE,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[],
    schema: super::model_schema::<Archive>,
    decode: super::decode::<Archive>,
};
