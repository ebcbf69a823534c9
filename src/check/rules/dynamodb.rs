//! Amazon `DynamoDB`: the keys of a table and of its indexes, and the attributes that are defined for them.

use crate::check::Context;
use crate::check::known::{text, within};
use crate::diagnostics::{Sink, closest};
use crate::template::{Map, Resource, Value};

codes! {
    /// The attributes that a table defines are not those of its keys.
    ///
    /// A table defines the attributes of its own key and of the keys of its indexes, and no others: items may have any
    /// others without being asked. `DynamoDB` refuses a table with a definition too few or too many.
    ///
    /// ```yaml
    /// Resources:
    ///   Readings:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       BillingMode: PAY_PER_REQUEST
    ///       AttributeDefinitions:
    ///         - { AttributeName: device, AttributeType: S }
    ///         - { AttributeName: value, AttributeType: N }
    ///       KeySchema: [{ AttributeName: device, KeyType: HASH }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Readings:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       BillingMode: PAY_PER_REQUEST
    ///       AttributeDefinitions:
    ///         - { AttributeName: device, AttributeType: S }
    ///       KeySchema: [{ AttributeName: device, KeyType: HASH }]
    /// ```
    ///
    /// Source: `DynamoDB` API Reference, `CreateTable`, `AttributeDefinitions` and `KeySchema`.
    KEYS = Error "mismatched-key-attributes";
}

/// The types of tables.
const TYPES: &[&str] = &["AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"];

/// Where the attributes of keys are named.
const KEYS_AT: &[&[&str]] = &[
    &["KeySchema", "*", "AttributeName"],
    &["GlobalSecondaryIndexes", "*", "KeySchema", "*", "AttributeName"],
    &["LocalSecondaryIndexes", "*", "KeySchema", "*", "AttributeName"],
];

/// Checks tables.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for table in context.template.resources.iter().filter(|resource| TYPES.contains(&resource.kind.as_str())) {
        check_table(context, table, sink);
    }
}

fn check_table(context: &Context<'_>, table: &Resource, sink: &mut Sink) {
    let properties = &table.properties;
    let start = format!("Resources/{}/Properties", table.id);
    if !is_known(properties) {
        return;
    }
    let names = |keys: &[&str]| -> Option<Vec<(String, &Value, String)>> {
        within(properties, keys, &start).into_iter().map(|(path, value)| Some((path, value, text(value)?))).collect()
    };
    let keys: Option<Vec<_>> = KEYS_AT.iter().map(|keys| names(keys)).collect();
    let (Some(defined), Some(keys)) = (names(&["AttributeDefinitions", "*", "AttributeName"]), keys) else { return };
    let keys = keys.concat();
    let missing: Vec<&(String, &Value, String)> =
        keys.iter().filter(|(.., name)| !defined.iter().any(|(.., known)| known == name)).collect();
    for (index, (path, value, name)) in missing.iter().enumerate() {
        // It is told where it is named first.
        if missing[..index].iter().any(|(.., before)| before == name) {
            continue;
        }
        let near = closest(name, defined.iter().map(|(.., name)| name.as_str()));
        context.report_value(sink, &KEYS, value, path, format!("no attribute `{name}` is defined")).help(
            near.map_or_else(
                || format!("add `{name}` to `AttributeDefinitions`"),
                |near| format!("did you mean `{near}`?"),
            ),
        );
    }
    for (path, value, name) in &defined {
        let used = keys.iter().any(|(.., key)| key == name);
        // A definition that was meant for a missing one is told there.
        let meant = missing.iter().any(|(.., missing)| closest(missing, [name.as_str()]).is_some());
        if !used && !meant {
            context
                .report_value(sink, &KEYS, value, path, format!("attribute `{name}` is in no key"))
                .help("remove its definition, or add it to a key");
        }
    }
}

/// Whether all keys and definitions are written, whatever conditions come.
fn is_known(properties: &Map) -> bool {
    let plain = |value: &Value| value.as_list().is_some_and(|items| items.iter().all(|item| item.as_map().is_some()));
    let indexes = |name: &str| match properties.get(name) {
        None => true,
        Some(value) => value.as_list().is_some_and(|items| {
            items.iter().all(|index| index.as_map().and_then(|index| index.get("KeySchema")).is_some_and(plain))
        }),
    };
    let own = |name: &str| properties.get(name).is_some_and(plain);
    own("AttributeDefinitions")
        && own("KeySchema")
        && indexes("GlobalSecondaryIndexes")
        && indexes("LocalSecondaryIndexes")
        && !properties.0.iter().any(|(key, _)| key.text.starts_with("Fn::"))
}
