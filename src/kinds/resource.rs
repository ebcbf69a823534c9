//! `resource`

use schemars::JsonSchema;
use serde::Deserialize;

use super::s3_bucket::OnDelete;
use super::{Component, Kind, Scope, Site};
use crate::blueprint::text::{Located, Tree};
use crate::diagnostics::{Sink, closest};
use crate::schema::provider;
use crate::source::{Origin, Span};
use crate::template::Data;

/// Any resource of CloudFormation, for what no kind makes. Its properties are checked with the provider schema at their
/// own lines, and `${ }` works in them.
///
/// `${name.ref}` is what `Ref` gives, and every attribute of the type can be reached by its own name.
///
/// ```yaml
/// components:
///   parameter:
///     kind: resource
///     type: AWS::SSM::Parameter
///     properties:
///       Type: String
///       Value: "1"
/// outputs:
///   Parameter: { value: "${parameter.ref}" }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AnyResource")]
pub struct Raw {
    /// The type, for example `AWS::SSM::Parameter`.
    #[serde(rename = "type")]
    kind: Located<String>,
    /// Its properties, as CloudFormation takes them.
    #[schemars(extend("type" = "object"))]
    properties: Option<Tree>,
    /// What happens to it when the stack is deleted. Without it CloudFormation does what is usual for the type.
    on_delete: Option<OnDelete>,
}

codes! {
    /// A resource is of a type that CloudFormation does not have.
    ///
    /// ```yaml
    /// components:
    ///   parameter:
    ///     kind: resource
    ///     type: AWS::SSM::Paramter
    ///     properties: { Type: String, Value: "1" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   parameter:
    ///     kind: resource
    ///     type: AWS::SSM::Parameter
    ///     properties: { Type: String, Value: "1" }
    /// ```
    TYPE = Error "unknown-resource-type";
}

impl Component for Raw {
    fn resource_type(&self) -> Option<&str> {
        Some(&self.kind.value)
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        let given = self.kind.value.as_str();
        if given.starts_with("Custom::") || provider::resource_type(given).is_some() {
            return;
        }
        let help = closest(given, provider::type_names()).map_or_else(
            || "write a type such as `AWS::SSM::Parameter`".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        sink.report(&TYPE, self.kind.span(), format!("no resource type `{given}`")).help(help);
    }

    fn compose(&self, site: &mut Site<'_>) {
        let scope: &Scope = site.scope;
        let properties = self.properties.as_ref().map(|tree| scope.tree(tree).data);
        let Some(Data::Map(properties)) = properties.or(Some(Data::Map(crate::template::Map::default()))) else {
            return;
        };
        // All of it is the user's own: what is missing in it is no mistake of formwork.
        let origin = Origin::Written(site.place.origin.span());
        let resource = site.add("", &self.kind.value, properties);
        resource.removal = self.on_delete.map(OnDelete::removal);
        resource.origin = origin;
    }
}

pub(super) static KIND: Kind = Kind {
    name: "resource",
    ports: &[],
    attributes: &[],
    codes: &[CODES],
    schema: super::model_schema::<Raw>,
    decode: super::decode::<Raw>,
};
