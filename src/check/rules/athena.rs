//! Amazon Athena.

use crate::check::Context;
use crate::check::known::{Given, boolean, choices, given, parts};
use crate::diagnostics::Sink;
use crate::template::Value;

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
}

/// Checks workgroups.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for group in context.of_type("AWS::Athena::WorkGroup") {
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
