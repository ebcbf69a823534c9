//! Amazon Athena.

use crate::check::Context;
use crate::check::known::{Given, Part, boolean, choices, given, parts, within};
use crate::diagnostics::Sink;
use crate::template::{Data, Function, Resource, Value};

codes! {
    /// A workgroup enforces its settings, and says nowhere where results go.
    ///
    /// Where a workgroup overrides the settings of its clients, only its own location of results counts. Queries fail
    /// without one, unless Athena keeps the results itself.
    ///
    /// ```yaml
    /// Resources:
    ///   Analysts:
    ///     Type: AWS::Athena::WorkGroup
    ///     Properties:
    ///       Name: analysts
    ///       WorkGroupConfiguration: { EnforceWorkGroupConfiguration: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Analysts:
    ///     Type: AWS::Athena::WorkGroup
    ///     Properties:
    ///       Name: analysts
    ///       WorkGroupConfiguration:
    ///         EnforceWorkGroupConfiguration: true
    ///         ResultConfiguration: { OutputLocation: s3://results/analysts/ }
    /// ```
    ///
    /// Source: Athena API, `WorkGroupConfiguration`.
    OUTPUT = Warning "workgroup-without-output";

    /// The place for the results of a workgroup is no path of S3.
    ///
    /// Athena takes `s3://bucket/folder/`, and neither the name nor the ARN of a bucket.
    ///
    /// ```yaml
    /// Resources:
    ///   Results:
    ///     Type: AWS::S3::Bucket
    ///     DeletionPolicy: Retain
    ///     UpdateReplacePolicy: Retain
    ///   Analysts:
    ///     Type: AWS::Athena::WorkGroup
    ///     Properties:
    ///       Name: analysts
    ///       WorkGroupConfiguration: { ResultConfiguration: { OutputLocation: !Ref Results } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Results:
    ///     Type: AWS::S3::Bucket
    ///     DeletionPolicy: Retain
    ///     UpdateReplacePolicy: Retain
    ///   Analysts:
    ///     Type: AWS::Athena::WorkGroup
    ///     Properties:
    ///       Name: analysts
    ///       WorkGroupConfiguration: { ResultConfiguration: { OutputLocation: !Sub "s3://${Results}/analysts/" } }
    /// ```
    ///
    /// Source: Athena API, `ResultConfiguration`, `OutputLocation`.
    LOCATION = Error "invalid-output-location";
}

/// How a path of S3 begins.
const SCHEME: &str = "s3://";

/// Checks workgroups.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for group in context.of_type("AWS::Athena::WorkGroup") {
        check_location(context, group, sink);
        let configurations = group.properties.get("WorkGroupConfiguration").into_iter().flat_map(choices);
        for map in configurations.filter_map(Value::as_map) {
            if map.get("EnforceWorkGroupConfiguration").and_then(boolean) != Some(true) {
                continue;
            }
            let located = map.get("ResultConfiguration").is_some_and(|results| {
                results.as_map().is_none_or(|results| given(results, "OutputLocation") != Given::No)
            });
            let kept = map.get("ManagedQueryResultsConfiguration").is_some_and(|kept| {
                let enabled = kept.as_map().and_then(|kept| kept.get("Enabled"));
                enabled.is_none_or(|enabled| boolean(enabled) != Some(false))
            });
            // Workgroups of Spark have no such location.
            let of_sql = map.get("EngineVersion").and_then(Value::as_map).is_none_or(|version| {
                let selected = version.get("SelectedEngineVersion").map(parts);
                selected.is_none_or(|parts| format!("{parts:?}").contains("Athena engine"))
            });
            if !located && !kept && of_sql && map.get("ExecutionRole").is_none() {
                let path = &["WorkGroupConfiguration", "EnforceWorkGroupConfiguration"];
                context
                    .report(sink, &OUTPUT, group, path, "settings are enforced, but none says where results go")
                    .help("add `ResultConfiguration: { OutputLocation: s3://… }`");
            }
        }
    }
}

fn check_location(context: &Context<'_>, group: &Resource, sink: &mut Sink) {
    let keys = ["WorkGroupConfiguration", "ResultConfiguration", "OutputLocation"];
    for (path, value) in within(&group.properties, &keys, &format!("Resources/{}/Properties", group.id)) {
        let plain = matches!(value.data, Data::Call(Function::Ref | Function::GetAtt, _));
        let is_bucket = plain && context.target(value).is_some_and(|bucket| bucket.kind == "AWS::S3::Bucket");
        let other = matches!(parts(value).as_deref(), Some([Part::Text(start), ..]) if !start.starts_with(SCHEME));
        if is_bucket || other {
            context
                .report_value(sink, &LOCATION, value, &path, format!("a place for results that is no `{SCHEME}` path"))
                .help(format!("write `{SCHEME}bucket/folder/`"));
        }
    }
}
