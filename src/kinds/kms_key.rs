//! `kms-key`

use schemars::JsonSchema;
use serde::Deserialize;

use super::encryption::key_policy;
use super::s3_bucket::OnDelete;
use super::site::join;
use super::standing::{Policy, Properties, Standing};
use super::{Attribute, Component, Get, Grant, Kind, Place, Port, Request, Scope, Site};
use crate::blueprint::text::{Setting, Text};
use crate::map;
use crate::source::Origin;
use crate::template::Value;

/// A key of KMS that several components encrypt with.
///
/// A component uses it with `encryption: { key: … }`. Roles get the right to use it from their own policies; its own
/// policy names the services that act without a role, as they follow from the components. A component that has the key
/// to itself needs no `kms-key`: `encryption: own-key` makes one.
///
/// ```yaml
/// components:
///   data:
///     kind: kms-key
///     alias: example/data
///   archive:
///     kind: s3-bucket
///     encryption: { key: data }
///   journal:
///     kind: log-group
///     encryption: { key: data }
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What it is for. The default names the component and the blueprint.
    description: Option<Text>,
    /// Another name of the key, without `alias/`; unique in account and region. `${ }` works in it, such as
    /// `${AWS::StackName}/data`.
    #[schemars(length(max = 250), regex(pattern = ALIAS_PATTERN))]
    alias: Option<Text>,
    /// Days after which KMS makes new key material; data that was encrypted before stays readable. The default is 365.
    #[schemars(extend("minimum" = 90, "maximum" = 2560))]
    rotation_days: Option<Setting<u32>>,
    /// Days between the deletion of the key and its end. The default is 30.
    #[schemars(extend("minimum" = 7, "maximum" = 30))]
    deletion_window_days: Option<Setting<u32>>,
    /// What happens to the key when the stack is deleted. What is encrypted with it cannot be read without it.
    #[serde(default)]
    on_delete: OnDelete,
}

/// Names that start with `aws/` are those of AWS. Source: KMS API, `CreateAlias`.
pub(super) const ALIAS_PATTERN: &str = r"^(?!aws/)([a-zA-Z0-9:/_-]|\$\{[^}]*\})+$";

const KEY: &str = "Key";

impl Key {
    /// What grants like a key, whatever its properties.
    fn read(_properties: &Properties<'_>) -> Box<dyn Component> {
        Box::new(Self::default())
    }
}

impl Component for Key {
    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        let arn = Value { origin: request.origin, ..place.attribute(KEY, "Arn") };
        Grant { address: Some(arn), ..Grant::default() }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let description = match &self.description {
            Some(text) => scope.value(text),
            None => Value::string(origin, format!("{} of {}", place.name, scope.blueprint)),
        };
        let properties = map!(origin;
            "Description" => description,
            "EnableKeyRotation" => true,
            "RotationPeriodInDays" => self.rotation_days.as_ref().map(|days| scope.setting(days)),
            "PendingWindowInDays" => self.deletion_window_days.as_ref().map(|days| scope.setting(days)),
            "KeyPolicy" => key_policy(origin, site.received.iter().cloned()),
        );
        site.add_stateful(KEY, "AWS::KMS::Key", self.on_delete.removal(), properties);
        if let Some(alias) = &self.alias {
            let written = Origin::Written(alias.span);
            let name = join(written, &[Value::string(written, "alias/"), scope.value(alias)]);
            let properties = map!(origin; "AliasName" => name, "TargetKeyId" => place.reference(KEY));
            site.add("Alias", "AWS::KMS::Alias", properties);
        }
    }
}

pub(super) static KIND: Kind = Kind {
    name: "kms-key",
    ports: &[Port::Key],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the key.", get: Get::Att(KEY, "Arn") },
        Attribute { name: "id", doc: "Id of the key.", get: Get::Ref(KEY) },
        Attribute { name: "alias", doc: "Its other name with `alias/`, with `alias`.", get: Get::Ref("Alias") },
        Attribute {
            name: "alias-arn",
            doc: "ARN of its other name, with `alias`.",
            get: Get::Text("Alias", "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:{}"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::KMS::Key"],
        role: KEY,
        without: &[],
        policy: Policy::Inside("KeyPolicy", key_policy),
        read: Key::read,
    }),
    codes: &[],
    schema: super::model_schema::<Key>,
    decode: super::decode::<Key>,
};
