//! Where errors of the delivery are logged.

use crate::check::Context;
use crate::check::block::Block;
use crate::diagnostics::Sink;
use crate::template::{Data, Function, Resource, Value};

codes! {
    /// Errors of a Firehose stream are to be logged, but not where.
    ///
    /// Enabled logging needs `LogGroupName` and `LogStreamName`.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CloudWatchLoggingOptions: { Enabled: true, LogGroupName: /firehose/orders }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CloudWatchLoggingOptions: { Enabled: true, LogGroupName: /firehose/orders, LogStreamName: delivery }
    /// ```
    ///
    /// Source: Firehose API, `CloudWatchLoggingOptions`.
    LOGGING = Error "incomplete-delivery-logging";

    /// A Firehose stream logs into a log stream that the template does not make.
    ///
    /// Firehose makes neither the log group nor the log stream. Without it errors of the delivery are not logged.
    ///
    /// ```yaml
    /// Resources:
    ///   Errors:
    ///     Type: AWS::Logs::LogGroup
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CloudWatchLoggingOptions: { Enabled: true, LogGroupName: !Ref Errors, LogStreamName: delivery }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Errors:
    ///     Type: AWS::Logs::LogGroup
    ///   Delivery:
    ///     Type: AWS::Logs::LogStream
    ///     Properties: { LogGroupName: !Ref Errors }
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CloudWatchLoggingOptions: { Enabled: true, LogGroupName: !Ref Errors, LogStreamName: !Ref Delivery }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Monitor Amazon Data Firehose using CloudWatch Logs".
    STREAM = Warning "missing-log-stream";
}

const OPTIONS: &str = "CloudWatchLoggingOptions";

/// Checks the logging of a destination or of a backup.
pub fn check(context: &Context<'_>, block: &Block<'_>, sink: &mut Sink) {
    for options in block.blocks(OPTIONS) {
        if !options.is_true("Enabled") {
            continue;
        }
        for name in ["LogGroupName", "LogStreamName"] {
            if options.lacks(name) {
                options
                    .report(context, sink, &LOGGING, "Enabled", format!("logging without `{name}`"))
                    .help(format!("add `{name}`"));
            }
        }
        let Some(group) = options.one("LogGroupName").and_then(|group| own_group(context, group)) else { continue };
        let Some(name) = options.text("LogStreamName") else { continue };
        if !may_be_made(context, group, &name) {
            options
                .report(context, sink, &STREAM, "LogStreamName", format!("no log stream `{name}` in `{}`", group.id))
                .also(context.place(group, &[]), "the log group")
                .help(format!("add an `AWS::Logs::LogStream` with `LogStreamName: {name}`"));
        }
    }
}

/// The log group of the template whose name a value is.
pub fn own_group<'a>(context: &Context<'a>, name: &Value) -> Option<&'a Resource> {
    let kind = "AWS::Logs::LogGroup";
    if matches!(&name.data, Data::Call(Function::Ref, _)) {
        return context.target(name).filter(|resource| resource.kind == kind);
    }
    let name = crate::check::block::outline(name)?;
    context.of_type(kind).find(|group| Block::of(context, group).outlines("LogGroupName").as_slice() == [name.as_str()])
}

/// Whether the template may make a log stream of this name in a group.
fn may_be_made(context: &Context<'_>, group: &Resource, name: &str) -> bool {
    context.is_open
        || context.of_type("AWS::Logs::LogStream").any(|stream| {
            let stream = Block::of(context, stream);
            let in_group = stream.one("LogGroupName").is_none_or(|value| match own_group(context, value) {
                Some(known) => known.id == group.id,
                None => crate::check::known::text(value).is_none(),
            });
            in_group && stream.text("LogStreamName").is_none_or(|known| known == name)
        })
}
