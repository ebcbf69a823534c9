//! `resource`

use schemars::JsonSchema;
use serde::Deserialize;

use super::s3_bucket::OnDelete;
use super::standing::{Policy, Properties, Standing, Unclear};
use super::{
    Access, Component, Found, Grant, Kind, Metrics, Peers, Place, RESOURCE, Request, Scope, Site, Wire, of_type, policy,
};
use crate::blueprint::text::{Located, Part, Reference, Tree, TreeData};
use crate::diagnostics::{Sink, closest};
use crate::schema::provider;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Data, Map};

/// Any resource of CloudFormation, for what no kind makes. Its properties are checked with the provider schema at their
/// own lines, and `${ }` works in them.
///
/// `${name.ref}` is what `Ref` gives, and every attribute of the type can be reached by its own name.
///
/// A resource of a type that a kind makes can be used like a component of that kind: it has its attributes, roles get
/// the same rights on it, and what its policy must allow is put into a policy of it. Where its policy is written out,
/// too, it must allow that itself.
///
/// ```yaml
/// components:
///   parameter:
///     kind: resource
///     type: AWS::SSM::Parameter
///     properties:
///       Type: String
///       Value: "1"
///   work:
///     kind: resource
///     type: AWS::SQS::Queue
///     properties: { VisibilityTimeout: 120 }
///   changes:
///     kind: event-rule
///     pattern: { source: [aws.ssm] }
///     targets: [work]
/// outputs:
///   Parameter: { value: "${parameter.ref}" }
///   Queue: { value: "${work.url}" }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AnyResource")]
pub struct Model {
    /// The type, for example `AWS::SSM::Parameter`.
    #[serde(rename = "type")]
    kind: Located<String>,
    /// Its properties, as CloudFormation takes them.
    #[schemars(extend("type" = "object"))]
    properties: Option<Tree>,
    /// What happens to it when the stack is deleted. Without it CloudFormation does what is usual for the type.
    on_delete: Option<OnDelete>,
}

/// The model with what it is for others.
#[derive(Debug, Deserialize)]
#[serde(from = "Model")]
pub struct Raw {
    model: Model,
    /// How it grants, if it is of a type that a kind makes, and what of it is not known.
    standing: Option<(&'static Standing, Box<dyn Component>, Vec<Unclear>)>,
}

impl From<Model> for Raw {
    fn from(model: Model) -> Self {
        let standing = of_type(&model.kind.value).and_then(|kind| kind.standing.as_ref()).map(|standing| {
            let properties = Properties::new(model.properties.as_ref());
            let component = (standing.read)(&properties);
            (standing, component, properties.unclear())
        });
        Self { model, standing }
    }
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

    /// What a use of a raw resource needs depends on a property that cannot be known before deployment.
    ///
    /// Rights, and what must be said beside them, follow from the properties of a resource: a FIFO queue needs the group
    /// of a message, an encrypted one a right on its key.
    ///
    /// ```yaml
    /// parameters:
    ///   Fifo: { type: boolean, default: false, description: Whether messages keep their order. }
    /// components:
    ///   work:
    ///     kind: resource
    ///     type: AWS::SQS::Queue
    ///     properties: { FifoQueue: "${Fifo}" }
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [work]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: resource
    ///     type: AWS::SQS::Queue
    ///     properties: { VisibilityTimeout: 120 }
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [work]
    /// ```
    UNCLEAR = Error "unclear-resource";
}

impl Raw {
    /// The policy of this resource that is a component of its own, with the place of its document.
    fn policy_beside<'a>(kind: &str, property: &str, site: &'a Site<'_>) -> Option<(&'a Tree, Span)> {
        site.peers.iter().find_map(|(name, peer)| {
            let (found, properties) = peer.raw()?;
            let properties = properties.filter(|_| found == kind)?;
            let given = Properties::new(Some(properties));
            let named = given.get(&[property])?;
            let scope = site.scope.of(name);
            let items = match &named.data {
                TreeData::List(items) => items.iter().collect(),
                _ => vec![named],
            };
            let is_own = |item: &Tree| {
                let TreeData::Text(text) = &item.data else { return false };
                let [Part::Reference(path, span)] = text.parts.as_slice() else { return false };
                let Some(owner) = Reference::of_attribute(path, *span) else { return false };
                matches!(scope.find(&owner), Found::Component(full) if full == site.place.name)
            };
            let document = given.get(&["PolicyDocument"]).unwrap_or(properties);
            items.into_iter().any(is_own).then_some((document, named.span))
        })
    }

    /// Allows others what they need on it: in the property of its policy, or beside it.
    fn allow(&self, site: &mut Site<'_>, properties: &mut Map) {
        let Some((standing, component, _)) = &self.standing else { return };
        if site.received.is_empty() {
            return;
        }
        let name = site.place.name.clone();
        match standing.policy {
            Policy::Free => component.add_policy(site),
            Policy::Beside(kind, property) => match Self::policy_beside(kind, property, site) {
                Some((document, span)) => policy::check(&name, span, document, site.received, site.scope),
                None => component.add_policy(site),
            },
            Policy::Inside(property, make) => {
                if let Some(written) = Properties::new(self.model.properties.as_ref()).get(&[property]) {
                    policy::check(&name, written.span, written, site.received, site.scope);
                } else {
                    let origin = site.place.origin;
                    properties.push(property, origin, make(origin, site.received.to_vec()));
                }
            }
        }
    }
}

impl Component for Raw {
    fn raw(&self) -> Option<(&str, Option<&Tree>)> {
        Some((&self.model.kind.value, self.model.properties.as_ref()))
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        let given = self.model.kind.value.as_str();
        if given.starts_with("Custom::") || provider::resource_type(given).is_some() {
            return;
        }
        let help = closest(given, provider::type_names()).map_or_else(
            || "write a type such as `AWS::SSM::Parameter`".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        sink.report(&TYPE, self.model.kind.span(), format!("no resource type `{given}`"))
            .help(help)
            .meant(given, provider::type_names());
    }

    fn leads_on(&self, access: &Access, place: &Place) -> Option<Wire<'_>> {
        self.standing.as_ref()?.1.leads_on(access, place)
    }

    fn key(&self) -> Option<Reference> {
        self.standing.as_ref()?.1.key()
    }

    fn key_users(&self, place: &Place, scope: &Scope) -> Vec<Statement> {
        self.standing.as_ref().map(|(_, component, _)| component.key_users(place, scope)).unwrap_or_default()
    }

    fn metrics(&self, place: &Place, peers: &Peers<'_>, scope: &Scope) -> Vec<Metrics> {
        let Some((_, component, unclear)) = &self.standing else { return Vec::new() };
        let all = component.metrics(place, peers, scope).into_iter();
        all.map(|metrics| Metrics { open: metrics.open || !unclear.is_empty(), ..metrics }).collect()
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let Some((_, component, unclear)) = &self.standing else { return Grant::default() };
        let concerned: Vec<&Unclear> = unclear.iter().filter(|one| (one.concerns)(request.access)).collect();
        if concerned.is_empty() {
            return component.accept(request, place, scope);
        }
        for one in concerned {
            scope
                .sink()
                .report(
                    &UNCLEAR,
                    request.origin.span(),
                    format!("what this needs of `{}` is not known: {}", place.name, one.why),
                )
                .also(one.span, "this property")
                .help(one.help);
        }
        Grant::default()
    }

    fn compose(&self, site: &mut Site<'_>) {
        let scope: &Scope = site.scope;
        let mut properties = match self.model.properties.as_ref().map(|tree| scope.tree(tree).data) {
            Some(Data::Map(properties)) => properties,
            None => Map::default(),
            Some(_) => return,
        };
        self.allow(site, &mut properties);
        // All of it is the user's own: what is missing in it is no mistake of formwork.
        let origin = Origin::Written(site.place.origin.span());
        let resource = site.add("", &self.model.kind.value, properties);
        resource.removal = self.model.on_delete.map(OnDelete::removal);
        resource.origin = origin;
    }
}

pub(super) static KIND: Kind = Kind {
    name: RESOURCE,
    ports: &[],
    attributes: &[],
    codes: &[CODES, policy::CODES],
    standing: None,
    schema: super::model_schema::<Model>,
    decode: super::decode::<Raw>,
};
