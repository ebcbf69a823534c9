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

    /// Redshift reads a table whose partitions only Athena computes.
    ///
    /// Athena computes partitions from the settings of projection. Redshift Spectrum, EMR and all others read those that
    /// are in the catalog, so they find no rows.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         TableType: EXTERNAL_TABLE
    ///         Parameters:
    ///           projection.enabled: "true"
    ///           projection.day.type: date
    ///           projection.day.format: yyyy-MM-dd
    ///           projection.day.range: 2026-01-01,NOW
    ///         PartitionKeys: [{ Name: day, Type: string }]
    ///         StorageDescriptor:
    ///           Columns: [{ Name: id, Type: string }]
    ///           Location: s3://example-bucket/orders/
    ///   Schema:
    ///     Type: Custom::Statement
    ///     Properties:
    ///       ServiceToken: arn:aws:lambda:eu-central-1:123456789012:function:statements
    ///       Sql: CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'shop' IAM_ROLE default
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         TableType: EXTERNAL_TABLE
    ///         PartitionKeys: [{ Name: day, Type: string }]
    ///         StorageDescriptor:
    ///           Columns: [{ Name: id, Type: string }]
    ///           Location: s3://example-bucket/orders/
    ///   Schema:
    ///     Type: Custom::Statement
    ///     Properties:
    ///       ServiceToken: arn:aws:lambda:eu-central-1:123456789012:function:statements
    ///       Sql: CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'shop' IAM_ROLE default
    /// ```
    ///
    /// Source: Amazon Athena User Guide, "Use partition projection with Amazon Athena", considerations and limitations.
    PROJECTED = Info "projection-for-redshift";
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
    check_schemas(context, sink);
}

/// Looks for statements, in whatever resource, that make an external schema of a database with computed partitions.
fn check_schemas(context: &Context<'_>, sink: &mut Sink) {
    let projected: Vec<(&Resource, String)> = context.of_type("AWS::Glue::Table").filter_map(projected).collect();
    for resource in context.template.resources.iter().filter(|_| !projected.is_empty()) {
        for (key, value) in &resource.properties.0 {
            let mut statements: Vec<&Value> = Vec::new();
            value.walk(&mut |part| {
                let is_text = part.as_str().is_some_and(|text| text.to_ascii_lowercase().contains("from data catalog"));
                if is_text {
                    statements.push(part);
                }
            });
            for statement in statements {
                let words = statement.as_str().unwrap_or_default().to_ascii_lowercase();
                let Some((_, after)) = words.split_once("database") else { continue };
                let name = after.trim_start().trim_start_matches('\'').split(['\'', ' ', '\n', ';']).next();
                let Some((table, _)) = projected.iter().find(|(_, database)| Some(database.as_str()) == name) else {
                    continue;
                };
                let path = format!("Resources/{}/Properties/{}", resource.id, key.text);
                context
                    .report_value(
                        sink,
                        &PROJECTED,
                        statement,
                        &path,
                        format!("`{}` has no partitions for Redshift", table.id),
                    )
                    .also(table.origin.span(), "only Athena computes them")
                    .help("let a crawler or statements add the partitions to the catalog");
            }
        }
    }
}

/// A table whose partitions are computed, with the name of its database.
fn projected(table: &Resource) -> Option<(&Resource, String)> {
    let parameters = table.properties.get("TableInput")?.as_map()?.get("Parameters")?.as_map()?;
    let is_on = parameters.get("projection.enabled").and_then(boolean) == Some(true);
    let database = table.properties.get("DatabaseName").and_then(text)?;
    is_on.then(|| (table, database.to_lowercase()))
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
