//! Roles that Service Catalog launches products with.

use super::names::{self, Unit, literal};
use super::{Need, User, properties, values};
use crate::check::Context;

/// What Service Catalog does with the stack of a product.
///
/// Source: Service Catalog Administrator Guide, "Launch constraints".
const STACK: &[&str] = &[
    "cloudformation:CreateStack",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:UpdateStack",
];

/// What it does without naming a stack. Source: as of [`STACK`].
const TEMPLATE: &[&str] = &["cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"];

/// How it reads the template of a version. Source: as of [`STACK`].
const READING: &[&str] = &["s3:GetObject"];

/// The roles of all launch constraints.
pub fn users<'a>(context: &Context<'a>, users: &mut Vec<User<'a>>) {
    for constraint in context.of_type("AWS::ServiceCatalog::LaunchRoleConstraint") {
        let unknown = |name: &str| vec![Unit::Unknown(name.to_owned())];
        // Stacks of products are named so.
        let stack = names::form("arn:{p}:cloudformation:{r}:{a}:stack/SC-{}", &[&unknown("Product")]);
        let template = names::form("arn:{p}:s3:::{}", &[&unknown("Template")]);
        for (path, role) in values(&constraint.properties, "RoleArn", &properties(constraint)) {
            let needs = vec![
                Need::vital(STACK, vec![stack.clone()]),
                Need::good(TEMPLATE, vec![literal("*")]),
                Need::good(READING, vec![template.clone()]),
            ];
            users.push(User { resource: constraint, role, path, service: "servicecatalog.amazonaws.com", needs });
        }
    }
}
