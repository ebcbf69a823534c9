//! The actions of a policy.
//!
//! `build.rs` puts `schemas/iam/actions.json` into the binary; `scripts/update-schemas` derives that file.

use super::{Document, Family, entries};
use crate::check::Context;
use crate::check::known::text;
use crate::diagnostics::{Sink, closest};
use crate::template::{Map, Value};

codes! {
    /// A policy names a service or an action that IAM does not know.
    ///
    /// IAM takes such a policy, and what was meant stays forbidden. The list of actions is that of formwork's release;
    /// a younger action may be right.
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: s3:ReadObject, Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: s3:GetObject, Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*" }
    /// ```
    ///
    /// Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".
    UNKNOWN = Warning "unknown-action";

    /// A policy of a resource allows what has nothing to do with it.
    ///
    /// Trust policies decide who may act with a role, so they have actions of AWS STS only; policies of buckets, queues
    /// and topics have those of their service.
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
    ///             Action: s3:PutObject
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
    /// Source: IAM User Guide, "Update a role trust policy"; Amazon S3 User Guide, "Policy actions for Amazon S3";
    /// Amazon SQS Developer Guide, "Custom policies"; Amazon SNS Developer Guide, "Access control".
    FOREIGN = Warning "foreign-action";
}

/// The services whose actions a policy of a resource may have.
const OWN_SERVICES: &[(&str, &[&str])] = &[
    ("AWS::IAM::Role", &["sts"]),
    ("AWS::S3::BucketPolicy", &["s3"]),
    ("AWS::SNS::TopicPolicy", &["sns"]),
    ("AWS::SQS::QueuePolicy", &["sqs"]),
];

/// Name, start and end in [`ACTIONS`] of each service, by name.
#[expect(clippy::unreadable_literal, reason = "the file is generated")]
const SERVICES: &[(&str, usize, usize)] = include!(concat!(env!("OUT_DIR"), "/actions_index.rs"));

static ACTIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/actions.txt"));

/// The actions of a service, all in lower case; none if there is no such service.
fn actions(service: &str) -> Option<impl Iterator<Item = &'static str> + Clone> {
    let at = SERVICES.binary_search_by(|(known, ..)| (*known).cmp(service)).ok()?;
    let (_, start, end) = *SERVICES.get(at)?;
    ACTIONS.get(start..end).map(|text| text.split(' '))
}

/// Checks the actions of a statement.
pub fn check(context: &Context<'_>, document: &Document<'_>, statement: &Map, path: &str, sink: &mut Sink) {
    let own = OWN_SERVICES.iter().find(|(kind, _)| *kind == document.resource.kind).map(|(_, services)| *services);
    let own = own.filter(|_| document.family != Family::Identity);
    for key in ["Action", "NotAction"] {
        for (path, value) in entries(statement, key, path) {
            if let Some(action) = text(value) {
                one(context, value, &path, &action, own, sink);
            }
        }
    }
}

/// Checks an action that stands outside of a policy.
pub fn check_action(context: &Context<'_>, value: &Value, path: &str, action: &str, sink: &mut Sink) {
    one(context, value, path, action, None, sink);
}

fn one(context: &Context<'_>, value: &Value, path: &str, action: &str, own: Option<&[&str]>, sink: &mut Sink) {
    // Not written by hand, but left by another tool.
    if action == "*" || action.contains("${") {
        return;
    }
    let mut report = |message: String, help: String| {
        context.report_value(sink, &UNKNOWN, value, path, message).help(help);
    };
    let Some((service, name)) = action.split_once(':') else {
        report(format!("`{action}` is no action"), "write `service:Action`, or `*` for all".to_owned());
        return;
    };
    let (low_service, low_name) = (service.to_ascii_lowercase(), name.to_ascii_lowercase());
    if let Some(own) = own.filter(|own| !own.contains(&low_service.as_str()) && !service.contains(['*', '?'])) {
        let message = format!("an action of `{service}` in a policy that decides about `{}`", own.join("` and `"));
        context
            .report_value(sink, &FOREIGN, value, path, message)
            .help("move it to a policy of who acts, or write an action of this service");
        return;
    }
    if service.contains(['*', '?']) {
        report(
            "a wildcard for services".to_owned(),
            "name the service, and write wildcards after the colon".to_owned(),
        );
        return;
    }
    let Some(mut actions) = actions(&low_service) else {
        let near = closest(&low_service, SERVICES.iter().map(|(name, ..)| *name));
        let help = near.map_or_else(
            || "write the prefix of a service as in the Service Authorization Reference".to_owned(),
            |near| format!("did you mean `{near}:{name}`?"),
        );
        report(format!("there is no service `{service}` in IAM"), help);
        return;
    };
    if low_name.contains(['*', '?']) {
        if !actions.any(|known| matches(&low_name, known)) {
            let help = "write a pattern that some action fits";
            report(format!("no action of `{service}` is like `{name}`"), help.to_owned());
        }
    } else if !actions.clone().any(|known| known == low_name) {
        let near = closest(&low_name, actions);
        let help = near.map_or_else(
            || format!("write an action of `{service}` as in the Service Authorization Reference"),
            |near| format!("did you mean `{service}:{near}`? IAM does not look at case"),
        );
        report(format!("`{service}` has no action `{name}`"), help);
    }
}

/// Whether a text fits a pattern with `*` and `?`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut next) = (0, 0);
    // Where the last `*` was, and up to where it has eaten.
    let mut star: Option<(usize, usize)> = None;
    while next < text.len() {
        if at < pattern.len() && (pattern[at] == b'?' || pattern[at] == text[next]) && pattern[at] != b'*' {
            at += 1;
            next += 1;
        } else if at < pattern.len() && pattern[at] == b'*' {
            star = Some((at, next));
            at += 1;
        } else if let Some((back, eaten)) = star {
            star = Some((back, eaten + 1));
            at = back + 1;
            next = eaten + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_actions() {
        assert!(SERVICES.len() > 400);
        assert!(SERVICES.is_sorted());
        let all = SERVICES.iter().map(|(name, ..)| actions(name).unwrap().count());
        assert!(all.sum::<usize>() > 20_000);
        assert!(actions("firehose").unwrap().any(|action| action == "putrecordbatch"));
        assert!(actions("firehos").is_none());
    }

    #[test]
    fn wildcards_stand_for_letters() {
        for (pattern, text) in [("get*", "getobject"), ("*", ""), ("g?t*t", "getobject"), ("*object", "putobject")] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("get", "getobject"), ("tag?", "tag"), ("*x", "getobject"), ("a*b*c", "abab")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
