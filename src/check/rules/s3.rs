//! Amazon S3.

use super::roles::{Answer, covers, names, needed};
use super::targets::{Sender, allowed};
use crate::check::Context;
use crate::check::known::{Given, given, text, within};
use crate::diagnostics::Sink;
use crate::template::{Resource, Value};

codes! {
    /// A bucket is given an access control list, which its ownership settings do not allow.
    ///
    /// New buckets have `BucketOwnerEnforced`, with which S3 refuses every list but `Private` and
    /// `BucketOwnerFullControl`: the bucket is not made.
    /// Lists are hardly ever needed; a bucket policy says the same for all objects.
    ///
    /// ```yaml
    /// Resources:
    ///   Logs:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       AccessControl: LogDeliveryWrite
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Logs:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       AccessControl: LogDeliveryWrite
    ///       OwnershipControls:
    ///         Rules: [{ ObjectOwnership: BucketOwnerPreferred }]
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
    OWNERSHIP = Error "acl-without-ownership";

    /// A bucket is to notify something that does not let S3 in.
    ///
    /// S3 tries out every notification when it is set: "Unable to validate the following destination configurations",
    /// and the bucket is not made. A permission that needs the bucket itself comes too late for that.
    ///
    /// ```yaml
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///     DeletionPolicy: Retain
    ///     UpdateReplacePolicy: Retain
    ///     Properties:
    ///       NotificationConfiguration:
    ///         QueueConfigurations: [{ Event: "s3:ObjectCreated:*", Queue: !GetAtt Changes.Arn }]
    ///   Changes: { Type: AWS::SQS::Queue }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///     DependsOn: ChangesPolicy
    ///     DeletionPolicy: Retain
    ///     UpdateReplacePolicy: Retain
    ///     Properties:
    ///       NotificationConfiguration:
    ///         QueueConfigurations: [{ Event: "s3:ObjectCreated:*", Queue: !GetAtt Changes.Arn }]
    ///   Changes: { Type: AWS::SQS::Queue }
    ///   ChangesPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Changes]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           Effect: Allow
    ///           Principal: { Service: s3.amazonaws.com }
    ///           Action: sqs:SendMessage
    ///           Resource: !GetAtt Changes.Arn
    ///           Condition: { StringEquals: { "aws:SourceAccount": !Ref AWS::AccountId } }
    /// ```
    ///
    /// Source: CloudFormation Template Reference, `AWS::S3::Bucket`, `NotificationConfiguration`; Amazon S3 User Guide,
    /// "Granting permissions to publish event notification messages to a destination".
    CLOSED = Error "notification-without-permission";

    /// A bucket may be made before what it notifies lets S3 in.
    ///
    /// Nothing in the bucket refers to the permission, so CloudFormation may make the bucket first, and S3 refuses it.
    ///
    /// ```yaml
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///     DeletionPolicy: Retain
    ///     UpdateReplacePolicy: Retain
    ///     Properties:
    ///       BucketName: !Sub "uploads-${AWS::AccountId}"
    ///       NotificationConfiguration:
    ///         LambdaConfigurations:
    ///           - Event: s3:ObjectCreated:*
    ///             Function: !GetAtt Look.Arn
    ///   Look:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Runtime: python3.13
    ///       Handler: index.handler
    ///       Role: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/look"
    ///       Code: { ZipFile: "def handler(event, context): pass" }
    ///   Permission:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       Action: lambda:InvokeFunction
    ///       FunctionName: !Ref Look
    ///       Principal: s3.amazonaws.com
    ///       SourceAccount: !Ref AWS::AccountId
    ///       SourceArn: !Sub "arn:${AWS::Partition}:s3:::uploads-${AWS::AccountId}"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///     DependsOn: Permission
    ///     DeletionPolicy: Retain
    ///     UpdateReplacePolicy: Retain
    ///     Properties:
    ///       BucketName: !Sub "uploads-${AWS::AccountId}"
    ///       NotificationConfiguration:
    ///         LambdaConfigurations:
    ///           - Event: s3:ObjectCreated:*
    ///             Function: !GetAtt Look.Arn
    ///   Look:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Runtime: python3.13
    ///       Handler: index.handler
    ///       Role: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/look"
    ///       Code: { ZipFile: "def handler(event, context): pass" }
    ///   Permission:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       Action: lambda:InvokeFunction
    ///       FunctionName: !Ref Look
    ///       Principal: s3.amazonaws.com
    ///       SourceAccount: !Ref AWS::AccountId
    ///       SourceArn: !Sub "arn:${AWS::Partition}:s3:::uploads-${AWS::AccountId}"
    /// ```
    ///
    /// Source: as of `notification-without-permission`; CloudFormation User Guide, "`DependsOn` attribute".
    LATE = Warning "notification-before-permission";
}

/// The principal of S3. Source: as of [`CLOSED`].
const SERVICE: &str = "s3.amazonaws.com";

/// Where a bucket names what it notifies.
const NOTIFICATIONS: &[(&str, &str)] =
    &[("LambdaConfigurations", "Function"), ("QueueConfigurations", "Queue"), ("TopicConfigurations", "Topic")];

/// What a bucket takes although its owner owns all objects.
///
/// Source: Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
const HARMLESS: &[&str] = &["BucketOwnerFullControl", "Private"];

/// Checks buckets.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for bucket in context.of_type("AWS::S3::Bucket") {
        check_notifications(context, bucket, sink);
        let Some(list) = bucket.properties.get("AccessControl") else { continue };
        let refused = text(list).is_some_and(|list| !HARMLESS.contains(&list.as_str()));
        if refused && given(&bucket.properties, "OwnershipControls") == Given::No {
            context
                .report(sink, &OWNERSHIP, bucket, &[], "an access control list without `OwnershipControls`")
                .also(list.origin.span(), "the list")
                .help("remove it and write a bucket policy, or add `OwnershipControls`");
        }
    }
}

fn check_notifications(context: &Context<'_>, bucket: &Resource, sink: &mut Sink) {
    if context.is_open {
        return;
    }
    for (list, key) in NOTIFICATIONS {
        let start = format!("Resources/{}/Properties", bucket.id);
        for (path, value) in within(&bucket.properties, &["NotificationConfiguration", list, "*", key], &start) {
            let Some(target) = context.target(value) else { continue };
            let sender = Sender { service: SERVICE, resource: bucket };
            let permission = match target.kind.as_str() {
                // A version or an alias has permissions of its own.
                "AWS::Lambda::Function"
                    if names::of(context, value) == names::of_resource(context, target, Some("Arn")) =>
                {
                    match permissions(context, target, bucket).as_slice() {
                        [] => {
                            let help = format!("add an `AWS::Lambda::Permission` of `{}` for `{SERVICE}`", target.id);
                            closed(context, value, &path, target, help, sink);
                            continue;
                        }
                        [one] => *one,
                        // One of them is enough.
                        _ => continue,
                    }
                }
                "AWS::SQS::Queue" | "AWS::SNS::Topic" if !allowed(context, &sender, target) => {
                    let help = format!("let `{SERVICE}` in by a policy of `{}`", target.id);
                    closed(context, value, &path, target, help, sink);
                    continue;
                }
                _ => continue,
            };
            if needed(context, bucket).contains(permission.id.as_str()) {
                continue;
            }
            if needed(context, permission).contains(bucket.id.as_str()) {
                context
                    .report_value(sink, &CLOSED, value, &path, format!("`{}` comes only after the bucket", permission.id))
                    .also(permission.origin.span(), "the permission")
                    .help("give the bucket a name that the permission can be written with, and let the bucket depend on it");
            } else {
                let message =
                    format!("`{}` may be made before `{}`, without which S3 refuses it", bucket.id, permission.id);
                context
                    .report_value(sink, &LATE, value, &path, message)
                    .also(permission.origin.span(), "the permission")
                    .help(format!("add `DependsOn: {}` to the bucket", permission.id));
            }
        }
    }
}

fn closed(context: &Context<'_>, value: &Value, path: &str, target: &Resource, help: String, sink: &mut Sink) {
    context
        .report_value(sink, &CLOSED, value, path, format!("`{}` does not let S3 in", target.id))
        .also(target.origin.span(), "what is notified")
        .help(help);
}

/// The permissions of a template that may let S3 call a function for a bucket.
fn permissions<'a>(context: &Context<'a>, function: &Resource, bucket: &Resource) -> Vec<&'a Resource> {
    let own = names::of_resource(context, bucket, Some("Arn"));
    let fits = |permission: &&Resource| {
        let get = |name: &str| permission.properties.get(name);
        let of_function =
            get("FunctionName").is_none_or(|name| context.target(name).is_none_or(|target| target.id == function.id));
        let of_service = get("Principal").and_then(text).is_none_or(|given| given == SERVICE || given == "*");
        let of_bucket = get("SourceArn").is_none_or(|arn| covers(&names::of(context, arn), &own) != Answer::No);
        of_function && of_service && of_bucket
    };
    context.of_type("AWS::Lambda::Permission").filter(fits).collect()
}
