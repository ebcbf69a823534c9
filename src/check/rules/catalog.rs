//! AWS Service Catalog.

use std::collections::BTreeSet;

use crate::check::Context;
use crate::check::known::{Part, boolean, parts, text};
use crate::check::policies::{Document, entries, matches};
use crate::diagnostics::Sink;
use crate::template::{Resource, Value, emit, references};

codes! {
    /// The name of a version of a product has a space.
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::ServiceCatalog::CloudFormationProduct
    ///     Properties:
    ///       Name: delivery
    ///       Owner: data
    ///       ProvisioningArtifactParameters:
    ///         - Name: Version 1
    ///           Info: { LoadTemplateFromURL: "https://templates.s3.amazonaws.com/delivery-1.yaml" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::ServiceCatalog::CloudFormationProduct
    ///     Properties:
    ///       Name: delivery
    ///       Owner: data
    ///       ProvisioningArtifactParameters:
    ///         - Name: v1
    ///           Info: { LoadTemplateFromURL: "https://templates.s3.amazonaws.com/delivery-1.yaml" }
    /// ```
    ///
    /// Source: Service Catalog API, `ProvisioningArtifactProperties`, `Name`.
    NAME = Error "space-in-version-name";

    /// Two versions of a product have one name.
    ///
    /// Who launches the product sees the names alone, and cannot tell which of them is meant.
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::ServiceCatalog::CloudFormationProduct
    ///     Properties:
    ///       Name: delivery
    ///       Owner: data
    ///       ProvisioningArtifactParameters:
    ///         - Name: v1
    ///           Info: { LoadTemplateFromURL: "https://templates.s3.amazonaws.com/delivery-1.yaml" }
    ///         - Name: v1
    ///           Info: { LoadTemplateFromURL: "https://templates.s3.amazonaws.com/delivery-2.yaml" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::ServiceCatalog::CloudFormationProduct
    ///     Properties:
    ///       Name: delivery
    ///       Owner: data
    ///       ProvisioningArtifactParameters:
    ///         - Name: v1
    ///           Info: { LoadTemplateFromURL: "https://templates.s3.amazonaws.com/delivery-1.yaml" }
    ///         - Name: v2
    ///           Info: { LoadTemplateFromURL: "https://templates.s3.amazonaws.com/delivery-2.yaml" }
    /// ```
    ///
    /// Source: Service Catalog Administrator Guide, "Managing versions".
    REPEATED = Warning "repeated-version-name";

    /// The role that launches a product may launch products itself.
    ///
    /// What a product makes then may launch further products with the rights of others. A launch role makes the
    /// resources of its product, and nothing else.
    ///
    /// ```yaml
    /// Resources:
    ///   Launch:
    ///     Type: AWS::ServiceCatalog::LaunchRoleConstraint
    ///     Properties: { PortfolioId: port-abc, ProductId: prod-abc, RoleArn: !GetAtt Role.Arn }
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: sts:AssumeRole, Principal: { Service: servicecatalog.amazonaws.com } }
    ///       ManagedPolicyArns: ["arn:aws:iam::123456789012:policy/launch"]
    ///       Policies:
    ///         - PolicyName: queues
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement:
    ///               Effect: Allow
    ///               Action: servicecatalog:ProvisionProduct
    ///               Resource: arn:aws:catalog:eu-central-1:123456789012:product/prod-abc
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Launch:
    ///     Type: AWS::ServiceCatalog::LaunchRoleConstraint
    ///     Properties: { PortfolioId: port-abc, ProductId: prod-abc, RoleArn: !GetAtt Role.Arn }
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: sts:AssumeRole, Principal: { Service: servicecatalog.amazonaws.com } }
    ///       ManagedPolicyArns: ["arn:aws:iam::123456789012:policy/launch"]
    ///       Policies:
    ///         - PolicyName: queues
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement:
    ///               Effect: Allow
    ///               Action: sqs:CreateQueue
    ///               Resource: arn:aws:sqs:eu-central-1:123456789012:orders
    /// ```
    ///
    /// Source: Service Catalog Administrator Guide, "Launch constraints".
    PROVISIONS = Warning "launch-role-may-launch";

    /// An update of a product replaces its versions.
    ///
    /// The old versions are deleted, while stacks that were launched from them live on without one.
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::ServiceCatalog::CloudFormationProduct
    ///     Properties:
    ///       Name: delivery
    ///       Owner: data
    ///       ReplaceProvisioningArtifacts: true
    ///       ProvisioningArtifactParameters:
    ///         - Name: v1
    ///           Info: { LoadTemplateFromURL: "https://templates.s3.amazonaws.com/delivery-1.yaml" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::ServiceCatalog::CloudFormationProduct
    ///     Properties:
    ///       Name: delivery
    ///       Owner: data
    ///       ProvisioningArtifactParameters:
    ///         - Name: v1
    ///           Info: { LoadTemplateFromURL: "https://templates.s3.amazonaws.com/delivery-1.yaml" }
    /// ```
    ///
    /// Source: CloudFormation Template Reference, `AWS::ServiceCatalog::CloudFormationProduct`,
    /// `ReplaceProvisioningArtifacts`.
    REPLACED = Warning "replaced-product-versions";

    /// A constraint may be made before its product is in the portfolio.
    ///
    /// A constraint is on a product in a portfolio. Nothing in it refers to the association that puts the product there,
    /// so CloudFormation may try to make the constraint first, and fail.
    ///
    /// ```yaml
    /// Resources:
    ///   Association:
    ///     Type: AWS::ServiceCatalog::PortfolioProductAssociation
    ///     Properties: { PortfolioId: port-abc, ProductId: prod-abc }
    ///   Launch:
    ///     Type: AWS::ServiceCatalog::LaunchRoleConstraint
    ///     Properties: { PortfolioId: port-abc, ProductId: prod-abc, LocalRoleName: launch }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Association:
    ///     Type: AWS::ServiceCatalog::PortfolioProductAssociation
    ///     Properties: { PortfolioId: port-abc, ProductId: prod-abc }
    ///   Launch:
    ///     Type: AWS::ServiceCatalog::LaunchRoleConstraint
    ///     DependsOn: Association
    ///     Properties: { PortfolioId: port-abc, ProductId: prod-abc, LocalRoleName: launch }
    /// ```
    ///
    /// Source: Service Catalog API, `CreateConstraint` (`ResourceNotFoundException`); CloudFormation User Guide,
    /// "`DependsOn` attribute".
    ORDER = Warning "constraint-before-association";
}

const PRODUCT: &str = "AWS::ServiceCatalog::CloudFormationProduct";
const ASSOCIATION: &str = "AWS::ServiceCatalog::PortfolioProductAssociation";

const CONSTRAINTS: &[&str] = &[
    "AWS::ServiceCatalog::LaunchNotificationConstraint",
    "AWS::ServiceCatalog::LaunchRoleConstraint",
    "AWS::ServiceCatalog::LaunchTemplateConstraint",
    "AWS::ServiceCatalog::ResourceUpdateConstraint",
    "AWS::ServiceCatalog::StackSetConstraint",
];

/// Checks products and constraints.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for product in context.of_type(PRODUCT) {
        let versions = product.properties.get("ProvisioningArtifactParameters").and_then(Value::as_list);
        let mut seen: Vec<(String, &Value)> = Vec::new();
        for (index, version) in versions.unwrap_or_default().iter().enumerate() {
            let Some(name) = version.as_map().and_then(|map| map.get("Name")) else { continue };
            if let Some(known) = text(name) {
                if let Some((_, first)) = seen.iter().find(|(other, _)| *other == known) {
                    let path =
                        format!("Resources/{}/Properties/ProvisioningArtifactParameters/{index}/Name", product.id);
                    context
                        .report_value(sink, &REPEATED, name, &path, format!("a second version `{known}`"))
                        .also(first.origin.span(), "the first")
                        .help("give each version a name of its own");
                }
                seen.push((known, name));
            }
            let spaced = |part: &Part| matches!(part, Part::Text(text) if text.contains(char::is_whitespace));
            if parts(name).is_some_and(|parts| parts.iter().any(spaced)) {
                let path = format!("Resources/{}/Properties/ProvisioningArtifactParameters/{index}/Name", product.id);
                context
                    .report_value(sink, &NAME, name, &path, "the name of a version has no spaces")
                    .help("write `v1`, for example");
            }
        }
        if product.properties.get("ReplaceProvisioningArtifacts").and_then(boolean) == Some(true) {
            context
                .report(
                    sink,
                    &REPLACED,
                    product,
                    &["ReplaceProvisioningArtifacts"],
                    "an update deletes the versions that are in use",
                )
                .help("remove it, and add new versions beside the old ones");
        }
    }
    for constraint in context.of_type("AWS::ServiceCatalog::LaunchRoleConstraint") {
        check_role(context, constraint, sink);
    }
    for kind in CONSTRAINTS {
        for constraint in context.of_type(kind) {
            check_order(context, constraint, sink);
        }
    }
}

/// What a launch role should not do: the actions by which products are launched.
const LAUNCHES: &str = "servicecatalog:provisionproduct";

fn check_role(context: &Context<'_>, constraint: &Resource, sink: &mut Sink) {
    let role = constraint.properties.get("RoleArn").and_then(|arn| context.target(arn));
    let Some(role) = role.filter(|role| role.kind == "AWS::IAM::Role") else { return };
    let is_of_role = |document: &&Document<'_>| {
        let named = document.resource.properties.get("Roles").and_then(Value::as_list).unwrap_or_default();
        document.resource.id == role.id
            || named.iter().any(|name| context.target(name).is_some_and(|named| named.id == role.id))
    };
    for document in context.policies.iter().filter(is_of_role) {
        for (path, statement) in document.statements() {
            if statement.get("Effect").and_then(text).as_deref() != Some("Allow") {
                continue;
            }
            for (path, action) in entries(statement, "Action", &path) {
                let pattern = text(action).unwrap_or_default().to_ascii_lowercase();
                // What may do everything is told of elsewhere.
                if pattern.starts_with("servicecatalog:") && matches(&pattern, LAUNCHES) {
                    context
                        .report_value(sink, &PROVISIONS, action, &path, "a launch role that may launch products")
                        .also(constraint.origin.span(), "products are launched with it here")
                        .help("remove the action: users launch products with rights of their own");
                }
            }
        }
    }
}

fn check_order(context: &Context<'_>, constraint: &Resource, sink: &mut Sink) {
    let ids = |resource: &Resource| {
        let id = |name: &str| resource.properties.get(name).map(emit::json);
        Some((id("PortfolioId")?, id("ProductId")?))
    };
    let Some(own) = ids(constraint) else { return };
    let Some(association) = context.of_type(ASSOCIATION).find(|association| ids(association).as_ref() == Some(&own))
    else {
        return;
    };
    if !needs(context, constraint, &association.id) {
        context
            .report(sink, &ORDER, constraint, &[], format!("nothing says that `{}` comes first", association.id))
            .also(association.origin.span(), "the product enters the portfolio here")
            .help(format!("add `DependsOn: {}`", association.id));
    }
}

/// Whether a resource is made after another one, by whatever way.
fn needs(context: &Context<'_>, resource: &Resource, id: &str) -> bool {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open = vec![resource];
    while let Some(resource) = open.pop() {
        let named = resource.properties.0.iter().flat_map(|(_, value)| references(value)).map(|(id, ..)| id);
        for needed in resource.depends_on.iter().cloned().chain(named) {
            if needed == id {
                return true;
            }
            if let Some(next) = context.resources.get(needed.as_str())
                && seen.insert(needed)
            {
                open.push(next);
            }
        }
    }
    false
}
