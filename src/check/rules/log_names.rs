//! Names that a service wants of where it sends logs.

use crate::check::Context;
use crate::check::known::{Part, parts};
use crate::diagnostics::Sink;
use crate::template::Value;

codes! {
    /// The name of where a service sends its logs does not begin as the service wants.
    ///
    /// AWS WAF sends logs only to names that start with `aws-waf-logs-`, API Gateway only to delivery streams whose
    /// names start with `amazon-apigateway-`.
    ///
    /// ```yaml
    /// Resources:
    ///   Traffic:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupName: traffic }
    ///   Logging:
    ///     Type: AWS::WAFv2::LoggingConfiguration
    ///     Properties:
    ///       ResourceArn: arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/11111111-2222-3333-4444-555555555555
    ///       LogDestinationConfigs: [!GetAtt Traffic.Arn]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Traffic:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupName: aws-waf-logs-traffic }
    ///   Logging:
    ///     Type: AWS::WAFv2::LoggingConfiguration
    ///     Properties:
    ///       ResourceArn: arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/11111111-2222-3333-4444-555555555555
    ///       LogDestinationConfigs: [!GetAtt Traffic.Arn]
    /// ```
    ///
    /// Source: AWS WAF API, `PutLoggingConfiguration`; API Gateway API, `AccessLogSettings`.
    NAME = Error "log-destination-name";
}

const WAF: &str = "aws-waf-logs-";
const GATEWAY: &str = "amazon-apigateway-";

/// The types of resources that take logs, with the property that names them.
const NAMES: &[(&str, &str)] = &[
    ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::S3::Bucket", "BucketName"),
];

/// Checks where logs go.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for logging in context.of_type("AWS::WAFv2::LoggingConfiguration") {
        let all = logging.properties.get("LogDestinationConfigs").and_then(Value::as_list).unwrap_or_default();
        for (index, arn) in all.iter().enumerate() {
            let path = format!("Resources/{}/Properties/LogDestinationConfigs/{index}", logging.id);
            check_name(context, arn, &path, WAF, NAMES, sink);
        }
    }
    for stage in context.of_type("AWS::ApiGateway::Stage") {
        let setting = stage.properties.get("AccessLogSetting").and_then(Value::as_map);
        if let Some(arn) = setting.and_then(|setting| setting.get("DestinationArn")) {
            let path = format!("Resources/{}/Properties/AccessLogSetting/DestinationArn", stage.id);
            // A log group may have any name there.
            check_name(context, arn, &path, GATEWAY, &NAMES[..1], sink);
        }
    }
}

fn check_name(context: &Context<'_>, arn: &Value, path: &str, start: &str, names: &[(&str, &str)], sink: &mut Sink) {
    let Some(resource) = context.target(arn) else { return };
    let Some((_, property)) = names.iter().find(|(kind, _)| *kind == resource.kind) else { return };
    let Some(parts) = resource.properties.get(property).and_then(parts) else { return };
    let wrong = match parts.as_slice() {
        [Part::Text(name)] => !name.starts_with(start),
        // What follows is known only at deployment.
        [Part::Text(name), ..] => !name.starts_with(start) && !start.starts_with(name.as_str()),
        _ => false,
    };
    if wrong {
        context
            .report_value(
                sink,
                &NAME,
                arn,
                path,
                format!("the name of `{}` does not start with `{start}`", resource.id),
            )
            .also(context.place(resource, &[property]), "the name")
            .help(format!("let `{property}` start with `{start}`"));
    }
}
