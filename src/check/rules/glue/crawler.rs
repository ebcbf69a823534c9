//! Crawlers that do not read everything again.

use crate::check::Context;
use crate::check::known::{Given, given, text, within};
use crate::check::rules::roles::names;
use crate::diagnostics::Sink;
use crate::template::{Resource, Value};

codes! {
    /// A crawler that reads only what is new is set up as one that reads everything.
    ///
    /// A crawler of new folders cannot update or remove what it does not read again, so both behaviours are `LOG`. A
    /// crawler that follows events needs the queue in which S3 puts them.
    ///
    /// ```yaml
    /// Resources:
    ///   Crawler:
    ///     Type: AWS::Glue::Crawler
    ///     Properties:
    ///       Role: arn:aws:iam::111122223333:role/crawler
    ///       DatabaseName: shop
    ///       Targets: { S3Targets: [{ Path: s3://orders/ }] }
    ///       RecrawlPolicy: { RecrawlBehavior: CRAWL_NEW_FOLDERS_ONLY }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Crawler:
    ///     Type: AWS::Glue::Crawler
    ///     Properties:
    ///       Role: arn:aws:iam::111122223333:role/crawler
    ///       DatabaseName: shop
    ///       Targets: { S3Targets: [{ Path: s3://orders/ }] }
    ///       RecrawlPolicy: { RecrawlBehavior: CRAWL_NEW_FOLDERS_ONLY }
    ///       SchemaChangePolicy: { UpdateBehavior: LOG, DeleteBehavior: LOG }
    /// ```
    ///
    /// Source: Glue Developer Guide, "Scheduling incremental crawls for adding new partitions" and "Accelerating crawls
    /// using Amazon S3 event notifications".
    INCREMENTAL = Warning "incremental-crawl";

    /// A crawler goes over the data of a table that the template makes itself.
    ///
    /// The crawler finds a table of its own there, under the name of the folder, or changes the one of the template.
    /// The next update of the stack changes it back. A crawler that names the table as its target only adds partitions.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput: { Name: orders, StorageDescriptor: { Location: s3://example-shop/orders/ } }
    ///   Crawler:
    ///     Type: AWS::Glue::Crawler
    ///     Properties:
    ///       Role: crawler
    ///       DatabaseName: shop
    ///       Targets: { S3Targets: [{ Path: s3://example-shop/orders/ }] }
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
    ///       TableInput: { Name: orders, StorageDescriptor: { Location: s3://example-shop/orders/ } }
    ///   Crawler:
    ///     Type: AWS::Glue::Crawler
    ///     Properties:
    ///       Role: crawler
    ///       Targets: { CatalogTargets: [{ DatabaseName: shop, Tables: [orders] }] }
    ///       SchemaChangePolicy: { DeleteBehavior: LOG, UpdateBehavior: LOG }
    /// ```
    ///
    /// Source: AWS Glue Developer Guide, "How does a crawler determine when to create partitions?" and "Catalog target".
    OWNERS = Warning "table-with-two-owners";
}

const BEHAVIORS: &[&str] = &["UpdateBehavior", "DeleteBehavior"];
const LOG: &str = "LOG";

pub fn check(context: &Context<'_>, crawler: &Resource, sink: &mut Sink) {
    let policy = crawler.properties.get("RecrawlPolicy").and_then(Value::as_map);
    let behavior = policy.and_then(|policy| policy.get("RecrawlBehavior")).and_then(text);
    match behavior.as_deref() {
        Some("CRAWL_NEW_FOLDERS_ONLY") => check_changes(context, crawler, sink),
        Some("CRAWL_EVENT_MODE") => check_queues(context, crawler, sink),
        _ => {}
    }
    check_owners(context, crawler, sink);
}

fn check_changes(context: &Context<'_>, crawler: &Resource, sink: &mut Sink) {
    let changes = crawler.properties.get("SchemaChangePolicy");
    let map = changes.and_then(Value::as_map);
    if changes.is_some() && map.is_none() {
        return;
    }
    for name in BEHAVIORS {
        let value = map.and_then(|map| map.get(name));
        if value.is_some_and(|value| text(value).is_none_or(|behavior| behavior == LOG)) {
            continue;
        }
        let shown = value.and_then(text).map_or_else(|| format!("no `{name}`"), |given| format!("`{name}: {given}`"));
        let path: &[&str] = match (map, value) {
            (Some(_), Some(_)) => &["SchemaChangePolicy", name],
            (Some(_), None) => &["SchemaChangePolicy"],
            (None, _) => &["RecrawlPolicy", "RecrawlBehavior"],
        };
        context
            .report(sink, &INCREMENTAL, crawler, path, format!("{shown} in a crawler of new folders only"))
            .help(format!("write `{name}: {LOG}` in `SchemaChangePolicy`"));
    }
}

fn check_queues(context: &Context<'_>, crawler: &Resource, sink: &mut Sink) {
    let Some(targets) = crawler.properties.get("Targets").and_then(Value::as_map) else { return };
    for kind in ["S3Targets", "CatalogTargets"] {
        for (index, target) in targets.get(kind).and_then(Value::as_list).unwrap_or_default().iter().enumerate() {
            let index = index.to_string();
            if target.as_map().is_some_and(|target| given(target, "EventQueueArn") == Given::No) {
                context
                    .report(
                        sink,
                        &INCREMENTAL,
                        crawler,
                        &["Targets", kind, &index],
                        "a crawler that follows events, without their queue",
                    )
                    .help("add `EventQueueArn`, the queue that S3 sends its events to");
            }
        }
    }
}

fn check_owners(context: &Context<'_>, crawler: &Resource, sink: &mut Sink) {
    let place = |value: &Value| {
        let text = names::shown(&names::of(context, value));
        text.strip_suffix('/').map(ToOwned::to_owned).unwrap_or(text)
    };
    let database = |value: Option<&Value>| value.map(|value| names::of(context, value));
    let own = database(crawler.properties.get("DatabaseName"));
    let start = format!("Resources/{}/Properties", crawler.id);
    for (path, target) in within(&crawler.properties, &["Targets", "S3Targets", "*", "Path"], &start) {
        let table = context.of_type("AWS::Glue::Table").find(|table| {
            let locations = within(&table.properties, &["TableInput", "StorageDescriptor", "Location"], "");
            own.is_some()
                && database(table.properties.get("DatabaseName")) == own
                && locations.iter().any(|(_, location)| place(location) == place(target))
        });
        if let Some(table) = table {
            context
                .report_value(sink, &OWNERS, target, &path, format!("a crawler over the data of `{}`", table.id))
                .also(table.origin.span(), "the table")
                .help("crawl it as one of `CatalogTargets`, or leave the table to the crawler");
        }
    }
}
