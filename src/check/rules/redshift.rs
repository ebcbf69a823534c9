//! Amazon Redshift, clusters and serverless namespaces.

use super::roles::names;
use crate::check::Context;
use crate::check::known::{boolean, choices, text};
use crate::diagnostics::Sink;
use crate::template::{Resource, Value};

codes! {
    /// A password is given to what makes its own.
    ///
    /// Where Redshift keeps the password in Secrets Manager, it takes none.
    ///
    /// ```yaml
    /// Resources:
    ///   Warehouse:
    ///     Type: AWS::RedshiftServerless::Namespace
    ///     Properties:
    ///       NamespaceName: warehouse
    ///       ManageAdminPassword: true
    ///       AdminUsername: admin
    ///       AdminUserPassword: "{{resolve:secretsmanager:warehouse}}"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Warehouse:
    ///     Type: AWS::RedshiftServerless::Namespace
    ///     Properties:
    ///       NamespaceName: warehouse
    ///       ManageAdminPassword: true
    ///       AdminUsername: admin
    /// ```
    ///
    /// Source: Redshift Serverless API, `CreateNamespace`, `adminUserPassword`; Redshift API, `CreateCluster`,
    /// `ManageMasterPassword`.
    BOTH = Error "password-beside-managed";

    /// The default role of a namespace is none of its roles.
    ///
    /// ```yaml
    /// Resources:
    ///   Warehouse:
    ///     Type: AWS::RedshiftServerless::Namespace
    ///     Properties:
    ///       NamespaceName: warehouse
    ///       IamRoles: ["arn:aws:iam::111122223333:role/load"]
    ///       DefaultIamRoleArn: arn:aws:iam::111122223333:role/query
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Warehouse:
    ///     Type: AWS::RedshiftServerless::Namespace
    ///     Properties:
    ///       NamespaceName: warehouse
    ///       IamRoles: ["arn:aws:iam::111122223333:role/load", "arn:aws:iam::111122223333:role/query"]
    ///       DefaultIamRoleArn: arn:aws:iam::111122223333:role/query
    /// ```
    ///
    /// Source: Redshift Management Guide, "Creating an IAM role as default for Amazon Redshift".
    ROLE = Warning "unlisted-default-role";
}

/// Types with the property for the password and the one that asks Redshift for it.
const PASSWORDS: &[(&str, &str, &str)] = &[
    ("AWS::Redshift::Cluster", "MasterUserPassword", "ManageMasterPassword"),
    ("AWS::RedshiftServerless::Namespace", "AdminUserPassword", "ManageAdminPassword"),
];

/// Checks clusters and namespaces.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for (kind, password, managed) in PASSWORDS {
        for resource in context.of_type(kind) {
            check_password(context, resource, password, managed, sink);
        }
    }
    for namespace in context.of_type("AWS::RedshiftServerless::Namespace") {
        check_role(context, namespace, sink);
    }
}

fn check_password(context: &Context<'_>, resource: &Resource, password: &str, managed: &str, sink: &mut Sink) {
    let Some(given) = resource.properties.get(password) else { return };
    if resource.properties.get(managed).and_then(boolean) == Some(true) && !choices(given).is_empty() {
        context
            .report(sink, &BOTH, resource, &[password], format!("`{password}` beside `{managed}`"))
            .help(format!("remove `{password}`"));
    }
}

fn check_role(context: &Context<'_>, namespace: &Resource, sink: &mut Sink) {
    let Some(default) = namespace.properties.get("DefaultIamRoleArn") else { return };
    let roles = match namespace.properties.get("IamRoles") {
        None => &[],
        Some(roles) => match roles.as_list() {
            Some(roles) => roles,
            None => return,
        },
    };
    let wanted = names::of(context, default);
    // Another way of writing may be the same role, as long as one of the two is not known.
    let unclear = |value: &Value| names::of(context, value).iter().any(|unit| matches!(unit, names::Unit::Unknown(_)));
    let found = roles.iter().any(|role| names::of(context, role) == wanted);
    if !found && !unclear(default) && !roles.iter().any(unclear) && text(default).is_none_or(|text| !text.is_empty()) {
        context
            .report(sink, &ROLE, namespace, &["DefaultIamRoleArn"], "the default role is not in `IamRoles`")
            .help("add it there");
    }
}
