//! Crawlers that do not read everything again.

use crate::check::Context;
use crate::check::known::{Given, given, text};
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
