//! Services that are gone or go, and what takes their place.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Context;
use super::known::{choices, text};
use crate::diagnostics::{Code, Sink};
use crate::schema::model::Lifecycle;
use crate::schema::provider;
use crate::source::Span;

codes! {
    /// A resource needs a service, or a part of one, that was shut down.
    ///
    /// CloudFormation still knows many of these types, but nothing can be made of them any more.
    ///
    /// ```yaml
    /// Resources:
    ///   Anomalies:
    ///     Type: AWS::LookoutMetrics::AnomalyDetector
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Anomalies:
    ///     Type: AWS::CloudWatch::AnomalyDetector
    ///     Properties: { Namespace: AWS/Firehose, MetricName: IncomingRecords, Stat: Sum }
    /// ```
    ///
    /// Source: the lifecycle of the provider schemas; for types that CloudFormation has no schema of any more, the guides
    /// of the services.
    RETIRED = Error "retired-type";

    /// A resource needs a service, or a part of one, whose end is announced or told in its guide, or which is only
    /// maintained.
    ///
    /// It may work for those who have it. Often new accounts cannot begin with it any more.
    ///
    /// ```yaml
    /// Resources:
    ///   Devices:
    ///     Type: AWS::Greengrass::Group
    ///     Properties: { Name: devices }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Devices:
    ///     Type: AWS::GreengrassV2::Deployment
    ///     Properties: { TargetArn: "arn:aws:iot:eu-central-1:123456789012:thinggroup/devices" }
    /// ```
    ///
    /// Source: the lifecycle of the provider schemas; Amazon Redshift Management Guide on DC2 nodes;
    /// Amazon Kinesis Data Analytics for SQL Applications Developer Guide.
    ENDING = Warning "ending-type";
}

/// What is gone or goes beyond what the provider schemas say, and what takes its place.
#[derive(Default, Deserialize)]
struct Table {
    types: Vec<Entry>,
    values: Vec<ValueEntry>,
}

#[derive(Deserialize)]
struct Entry {
    /// How the names of the types start.
    starts: String,
    #[serde(flatten)]
    end: End,
}

#[derive(Deserialize)]
struct ValueEntry {
    r#type: String,
    property: String,
    /// How the values of the property start.
    starts: String,
    #[serde(flatten)]
    end: End,
}

#[derive(Deserialize)]
struct End {
    /// As in [`Lifecycle`]; without one the provider schema has it.
    status: Option<String>,
    date: Option<String>,
    replacement: String,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    // A test reads it.
    TABLE.get_or_init(|| serde_json::from_str(include_str!("../../schemas/retired.json")).unwrap_or_default())
}

fn entry(kind: &str) -> Option<&'static End> {
    table().types.iter().find(|entry| kind.starts_with(&entry.starts)).map(|entry| &entry.end)
}

/// Whether a type is told as retired.
pub fn is_retired(kind: &str) -> bool {
    entry(kind).is_some_and(|end| end.status.is_some())
}

/// Checks the types of all resources, and the values that choose a part of a service.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in &context.template.resources {
        let kind = resource.kind.as_str();
        let end = entry(kind);
        let own = end.and_then(lifecycle);
        let known = provider::resource_type(kind).and_then(|known| known.lifecycle().cloned());
        // Guides say less than schemas, and than that there is no schema any more.
        let certain = own.is_none() || provider::resource_type(kind).is_none();
        if let Some(lifecycle) = own.or(known) {
            let span = resource.attributes.get("Type").map_or(resource.origin.span(), |value| value.origin.span());
            let code = if certain && lifecycle.status == "shutdown" { &RETIRED } else { &ENDING };
            let path = format!("Resources/{}/Type", resource.id);
            report(sink, code, span, &path, &said(kind, &lifecycle), end);
        }
        for value in table().values.iter().filter(|value| value.r#type == kind) {
            let Some(given) = resource.properties.get(&value.property) else { continue };
            for choice in choices(given) {
                let chosen = text(choice).filter(|chosen| chosen.starts_with(&value.starts));
                if let (Some(chosen), Some(lifecycle)) = (chosen, lifecycle(&value.end)) {
                    let path = format!("Resources/{}/Properties/{}", resource.id, value.property);
                    report(sink, &ENDING, choice.origin.span(), &path, &said(&chosen, &lifecycle), Some(&value.end));
                }
            }
        }
    }
}

fn lifecycle(end: &End) -> Option<Lifecycle> {
    Some(Lifecycle { status: end.status.clone()?, date: end.date.clone() })
}

/// What is said of the end of a service.
fn said(what: &str, lifecycle: &Lifecycle) -> String {
    let date = |word: &str| lifecycle.date.as_ref().map(|date| format!(" {word} {date}")).unwrap_or_default();
    match lifecycle.status.as_str() {
        "shutdown" => format!("`{what}` was shut down{}", date("on")),
        "maintenance" => format!("`{what}` is only maintained{}", date("since")),
        _ => format!("the end of `{what}` is announced{}", date("for")),
    }
}

fn report(sink: &mut Sink, code: &'static Code, span: Span, path: &str, message: &str, end: Option<&End>) {
    let help = end.map_or("take another service".to_owned(), |end| format!("use {}", end.replacement));
    sink.report(code, span, message).path(path).help(help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_every_entry_is_needed() {
        assert!(table().types.is_sorted_by(|one, other| one.starts < other.starts));
        assert!(table().values.len() > 1);
        for entry in &table().types {
            let mut kinds = provider::type_names().filter(|name| name.starts_with(&entry.starts));
            let ends = |kind: &str| provider::resource_type(kind).is_some_and(|known| known.lifecycle().is_some());
            assert_eq!(kinds.any(ends), entry.end.status.is_none(), "{}", entry.starts);
        }
    }
}
