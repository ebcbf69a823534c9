//! The principals of a policy.

use super::entries;
use crate::check::Context;
use crate::check::known::{branches, text};
use crate::diagnostics::Sink;
use crate::template::{Data, Map, Value};

codes! {
    /// A principal does not have the form of one.
    ///
    /// An account is its twelve digits or an ARN, a user and a role are an ARN, a service is its name with a domain.
    /// IAM refuses everything else.
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { Service: firehose }
    ///             Action: sts:AssumeRole
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { Service: firehose.amazonaws.com }
    ///             Action: sts:AssumeRole
    /// ```
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal".
    PRINCIPAL = Error "malformed-principal";
}

/// The digits of an account. Source: Account Management Reference Guide, "View AWS account identifiers".
const ACCOUNT_DIGITS: usize = 12;

/// Checks the principals of a statement.
pub fn check(context: &Context<'_>, statement: &Map, path: &str, sink: &mut Sink) {
    for key in ["Principal", "NotPrincipal"] {
        let Some(value) = statement.get(key) else { continue };
        for (path, value) in branches(value, &format!("{path}/{key}")) {
            match &value.data {
                Data::String(text) if text != "*" => {
                    let message = format!("`{text}` as a principal");
                    context.report_value(sink, &PRINCIPAL, value, &path, message).help(
                        "write `*`, or an object: `{ Service: … }` for a service, `{ AWS: … }` for accounts, users and roles",
                    );
                }
                Data::Map(map) => of_kinds(context, map, &path, sink),
                _ => {}
            }
        }
    }
}

fn of_kinds(context: &Context<'_>, map: &Map, path: &str, sink: &mut Sink) {
    for (path, value) in entries(map, "AWS", path) {
        let Some(given) = known(value) else { continue };
        let digits = given.chars().all(|letter| letter.is_ascii_digit());
        let account = digits && given.len() == ACCOUNT_DIGITS;
        if !(account || given == "*" || given.starts_with("arn:")) {
            let message = if digits && !given.is_empty() {
                format!("an account of {} digits, it has {ACCOUNT_DIGITS}", given.len())
            } else {
                format!("`{given}` is no account, user or role")
            };
            context
                .report_value(sink, &PRINCIPAL, value, &path, message)
                .help(format!("write {ACCOUNT_DIGITS} digits in quotes, an ARN, or `*`"));
        }
    }
    for (path, value) in entries(map, "Service", path) {
        let Some(given) = known(value) else { continue };
        if given != "*" && (!given.contains('.') || given.contains([' ', '/', ':'])) {
            context
                .report_value(sink, &PRINCIPAL, value, &path, format!("`{given}` is no service"))
                .help("write its name with the domain, as `firehose.amazonaws.com`");
        }
    }
}

/// A text as it is written. One with `${ }` was meant for a function, which is said elsewhere.
fn known(value: &Value) -> Option<String> {
    text(value).filter(|text| !text.contains("${"))
}
