//! Views of Athena, which Glue keeps as tables with a text that only Athena reads.

use serde_json::Value as Json;

use super::Table;
use crate::check::Context;
use crate::check::known::{boolean, text, text_with_holes};
use crate::diagnostics::Sink;
use crate::template::event_pattern::HOLE;
use crate::template::{Data, Function, Value, base64};

codes! {
    /// A view is not written as Athena reads views.
    ///
    /// The text of a view is `/* Presto View: … */` around JSON in Base64, with the query (`originalSql`), its `catalog`
    /// and `schema`, and the `columns` in the types of Presto. The table has the parameter `presto_view` and no
    /// partition keys.
    ///
    /// ```yaml
    /// Resources:
    ///   Latest:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: latest
    ///         TableType: VIRTUAL_VIEW
    ///         StorageDescriptor: { Columns: [{ Name: id, Type: string }], SerdeInfo: {} }
    ///         ViewExpandedText: /* Presto View */
    ///         ViewOriginalText: "/* Presto View: eyJvcmlnaW5hbFNxbCI6ICJzZWxlY3QgMSJ9 */"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Latest:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: latest
    ///         TableType: VIRTUAL_VIEW
    ///         Parameters: { presto_view: "true" }
    ///         StorageDescriptor: { Columns: [{ Name: id, Type: string }], SerdeInfo: {} }
    ///         ViewExpandedText: /* Presto View */
    ///         ViewOriginalText: !Join
    ///           - ""
    ///           - - "/* Presto View: "
    ///             - Fn::Base64: >-
    ///                 {"originalSql": "select id from orders", "catalog": "awsdatacatalog", "schema": "shop",
    ///                 "columns": [{"name": "id", "type": "varchar"}]}
    ///             - " */"
    /// ```
    ///
    /// Source: Glue API, `TableInput`; the open source of Trino, `ViewReaderUtil` of its Hive connector, which Athena's
    /// views follow.
    VIEW = Warning "unreadable-view";
}

/// What stands around the definition of a view.
const START: &str = "/* Presto View: ";
const END: &str = " */";

/// What a definition has.
///
/// Source: the open source of Trino, `ConnectorViewDefinition`.
const NEEDED: &[&str] = &["originalSql", "columns"];

pub fn check(context: &Context<'_>, table: &Table<'_>, sink: &mut Sink) {
    if !table.is_view() {
        check_kind(context, table, sink);
        return;
    }
    let report = |sink: &mut Sink, path: &[&str], message: String, help: String| {
        context.report(sink, &VIEW, table.resource, path, message).help(help);
    };
    let Some(given) = table.input.get("ViewOriginalText") else {
        if table.input.get("ViewDefinition").is_none() {
            let message = "a view without `ViewOriginalText`".to_owned();
            report(sink, &["TableInput", "TableType"], message, format!("add `{START}…{END}` around its definition"));
        }
        return;
    };
    let path = &["TableInput", "ViewOriginalText"];
    let Some(whole) = text_with_holes(given).filter(|text| !text.starts_with(HOLE)) else { return };
    if !whole.starts_with(START.trim_end()) {
        // A view of Hive or Spark has the text of its query.
        if table.parameter("presto_view").is_some_and(|value| boolean(value) == Some(true)) {
            let message = "a view of Athena whose text is not a definition in Base64".to_owned();
            report(sink, path, message, format!("write `{START}…{END}` with the definition as JSON in Base64"));
        }
        return;
    }
    if !whole.trim_end().ends_with(END.trim_start()) && !whole.ends_with(HOLE) {
        report(sink, path, format!("the text of the view does not end with `{}`", END.trim()), format!("add `{END}`"));
    } else if let Some(definition) = definition(given, &whole) {
        match definition {
            Err(message) => {
                report(sink, path, message, "write the definition as JSON, and that in Base64".to_owned());
            }
            Ok(json) => {
                for name in NEEDED.iter().filter(|name| json.get(name).is_none()) {
                    let message = format!("the definition of the view has no `{name}`");
                    report(sink, path, message, format!("add `{name}` to the JSON"));
                }
            }
        }
    }
    let presto = table.parameter("presto_view");
    if presto.is_none_or(|value| boolean(value) == Some(false))
        && table.input.get("Parameters").is_none_or(|parameters| parameters.as_map().is_some())
    {
        let message = "a view of Athena without the parameter `presto_view`".to_owned();
        report(sink, &["TableInput", "TableType"], message, "add `Parameters: { presto_view: \"true\" }`".to_owned());
    }
    if !table.columns(true).is_empty() {
        let message = "a view with partition keys".to_owned();
        report(sink, &["TableInput", "PartitionKeys"], message, "make them columns".to_owned());
    }
    let storage = table.input.get("StorageDescriptor").and_then(Value::as_map);
    if storage.is_some_and(|storage| storage.get("SerdeInfo").is_none()) {
        let message = "a view without `SerdeInfo`".to_owned();
        report(sink, &["TableInput", "StorageDescriptor"], message, "add `SerdeInfo: {}`".to_owned());
    }
}

/// Reports a table that has what makes a view, but not the type of one.
fn check_kind(context: &Context<'_>, table: &Table<'_>, sink: &mut Sink) {
    let marked = table.parameter("presto_view").is_some_and(|value| boolean(value) == Some(true));
    let kind = table.input.get("TableType").map(text);
    if marked && table.input.get("ViewOriginalText").is_some() && kind != Some(None) {
        let shown = kind.flatten().map_or_else(|| "no `TableType`".to_owned(), |kind| format!("`TableType: {kind}`"));
        context
            .report(sink, &VIEW, table.resource, &["TableInput", "TableType"], format!("{shown} for a view of Athena"))
            .help("write `TableType: VIRTUAL_VIEW`");
    }
}

/// The definition of a view, as far as it is known.
fn definition(given: &Value, whole: &str) -> Option<Result<Json, String>> {
    let inside = whole.strip_prefix(START.trim_end())?.trim_end().strip_suffix(END.trim_start())?.trim();
    let json = if inside.contains(HOLE) {
        // `Fn::Base64` encodes at deployment what is known now.
        let mut plain = None;
        given.walk(&mut |part| {
            if let Data::Call(Function::Base64, argument) = &part.data {
                plain = text_with_holes(argument).or_else(|| text(argument));
            }
        });
        plain?
    } else {
        match base64::decode(inside).and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(json) => json,
            None => return Some(Err("the definition of the view is not Base64".to_owned())),
        }
    };
    match serde_json::from_str(&json) {
        Ok(json) => Some(Ok(json)),
        Err(_) if json.contains(HOLE) => None,
        Err(_) => Some(Err("the definition of the view is not JSON".to_owned())),
    }
}
