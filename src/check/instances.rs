//! Types of instances, and engines of databases with their versions.
//!
//! New ones come by the month, and regions differ, so that what is not known is a warning.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::Context;
use super::known::{text, within};
use crate::diagnostics::{Sink, closest};
use crate::template::{Resource, Value};

codes! {
    /// An instance type, or the class of a database, is not known where it stands.
    ///
    /// Services offer different types, and engines different classes. What no region has is refused when the resource is
    /// made.
    ///
    /// ```yaml
    /// Resources:
    ///   Worker:
    ///     Type: AWS::EC2::Instance
    ///     Properties: { ImageId: ami-0123456789abcdef0, InstanceType: t3.tiny }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Worker:
    ///     Type: AWS::EC2::Instance
    ///     Properties: { ImageId: ami-0123456789abcdef0, InstanceType: t3.micro }
    /// ```
    ///
    /// Source: schemas/instances.json, derived from cfn-lint, of all regions together.
    TYPE = Warning "unknown-instance-type";

    /// The engine of a database is not known, or is gone, or has no such version.
    ///
    /// Amazon RDS makes no new databases of versions that have ended. Versions above the newest that is known are taken.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::RDS::DBCluster
    ///     DeletionPolicy: Snapshot
    ///     UpdateReplacePolicy: Snapshot
    ///     Properties: { Engine: aurora, MasterUsername: orders, ManageMasterUserPassword: true, StorageEncrypted: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::RDS::DBCluster
    ///     DeletionPolicy: Snapshot
    ///     UpdateReplacePolicy: Snapshot
    ///     Properties: { Engine: aurora-mysql, MasterUsername: orders, ManageMasterUserPassword: true, StorageEncrypted: true }
    /// ```
    ///
    /// Source: as of `unknown-instance-type`.
    ENGINE = Warning "unknown-database-engine";
}

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/instances.zlib"));

/// What is known, as `schemas/instances.json` has it.
#[derive(Default, Deserialize)]
struct Known {
    engines: BTreeMap<String, Engine>,
    /// The names of a list: sizes by family.
    lists: BTreeMap<String, BTreeMap<String, String>>,
    /// The list of a property, by the path that begins with the type of the resource.
    places: BTreeMap<String, String>,
}

/// An engine of a database.
#[derive(Default, Deserialize)]
struct Engine {
    classes: BTreeMap<String, String>,
    versions: String,
}

/// The types of databases with the property for the class of their instances.
const DATABASES: &[(&str, &str)] =
    &[("AWS::RDS::DBCluster", "DBClusterInstanceClass"), ("AWS::RDS::DBInstance", "DBInstanceClass")];

/// The services of whose types something is known; nothing is unpacked for others.
const SERVICES: &[&str] =
    &["AppStream", "DAX", "DocDB", "EC2", "EMR", "GameLift", "ManagedBlockchain", "Neptune", "RDS", "SageMaker"];

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        // A test unpacks it.
        let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(PACKED).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    })
}

/// Checks all instances and databases.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in &context.template.resources {
        let service = resource.kind.split("::").nth(1).unwrap_or_default();
        // Most resources of these services have no instances.
        let sized = ["Instance", "NodeType", "Engine"].iter().any(|word| has_key(resource, word));
        if !SERVICES.contains(&service) || !sized {
            continue;
        }
        let start = format!("Resources/{}/Properties", resource.id);
        let known = known();
        let own = known.places.range(format!("{}/", resource.kind)..);
        let own = own.take_while(|(place, _)| place.split('/').next() == Some(resource.kind.as_str()));
        for (place, list) in own {
            let keys: Vec<&str> = place.split('/').skip(1).collect();
            let Some(families) = known.lists.get(list) else { continue };
            for (path, value) in within(&resource.properties, &keys, &start) {
                check_type(context, value, &path, &[families], sink);
            }
        }
        for (_, class) in DATABASES.iter().filter(|(kind, _)| *kind == resource.kind) {
            check_database(context, resource, class, &start, sink);
        }
    }
}

/// Whether something in the properties of a resource is called so.
fn has_key(resource: &Resource, word: &str) -> bool {
    fn inside(value: &Value, word: &str) -> bool {
        match &value.data {
            crate::template::Data::Map(map) => {
                map.0.iter().any(|(key, value)| key.text.contains(word) || inside(value, word))
            }
            crate::template::Data::List(items) => items.iter().any(|item| inside(item, word)),
            crate::template::Data::Call(_, argument) => inside(argument, word),
            _ => false,
        }
    }
    resource.properties.0.iter().any(|(key, value)| key.text.contains(word) || inside(value, word))
}

fn check_type(context: &Context<'_>, value: &Value, path: &str, lists: &[&BTreeMap<String, String>], sink: &mut Sink) {
    let Some(given) = text(value).filter(|given| !given.contains("${")) else { return };
    let (family, size) = given.rsplit_once('.').unwrap_or(("", &given));
    let sizes: Vec<&str> =
        lists.iter().filter_map(|list| list.get(family)).flat_map(|sizes| sizes.split(' ')).collect();
    if lists.iter().all(|list| list.is_empty()) || sizes.contains(&size) {
        return;
    }
    let families = lists.iter().flat_map(|list| list.keys().map(String::as_str));
    let help = if sizes.is_empty() {
        closest(family, families).map_or_else(
            || "write a type that the service offers".to_owned(),
            |near| format!("did you mean `{near}.{size}`?"),
        )
    } else {
        format!("`{family}` has {}", sizes.iter().map(|size| format!("`{size}`")).collect::<Vec<_>>().join(", "))
    };
    context.report_value(sink, &TYPE, value, path, format!("no instance type `{given}` is known here")).help(help);
}

fn check_database(context: &Context<'_>, resource: &Resource, class: &str, start: &str, sink: &mut Sink) {
    let known = known();
    let engines = within(&resource.properties, &["Engine"], start);
    let mut chosen: Vec<(&str, &Engine)> = Vec::new();
    for (path, value) in &engines {
        let Some(given) = text(value) else { continue };
        let Some((name, engine)) = known.engines.get_key_value(given.to_ascii_lowercase().as_str()) else {
            let help = closest(&given, known.engines.keys().map(String::as_str))
                .map_or_else(|| "write an engine of Amazon RDS".to_owned(), |near| format!("did you mean `{near}`?"));
            context.report_value(sink, &ENGINE, value, path, format!("no engine `{given}` is known")).help(help);
            return;
        };
        chosen.push((name, engine));
    }
    let one = (engines.len() == 1 && chosen.len() == 1).then(|| chosen[0]);
    let all: Vec<&BTreeMap<String, String>> = match one {
        Some((_, engine)) if !engine.classes.is_empty() => vec![&engine.classes],
        _ => known.engines.values().map(|engine| &engine.classes).collect(),
    };
    for (path, value) in within(&resource.properties, &[class], start) {
        check_type(context, value, &path, &all, sink);
    }
    let Some((name, engine)) = one else { return };
    for (path, value) in within(&resource.properties, &["EngineVersion"], start) {
        let Some(given) = text(value) else { continue };
        if has_ended(&given, &engine.versions) {
            context
                .report_value(sink, &ENGINE, value, &path, format!("no version `{given}` of `{name}` is known"))
                .help("write one that is supported, or leave it to Amazon RDS");
        }
    }
}

/// Whether a version is none of the known ones, and not newer than all of them.
fn has_ended(given: &str, versions: &str) -> bool {
    let mut all = versions.split(' ').filter(|version| !version.is_empty()).peekable();
    let begins =
        |version: &str| version.strip_prefix(given).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let mut older = false;
    if all.peek().is_none() {
        return false;
    }
    for version in all {
        if begins(version) {
            return false;
        }
        older |= numbers(given).cmp(&numbers(version)) == Ordering::Less;
    }
    older || numbers(given).is_empty()
}

/// The numbers of a version, up to the first part that is none.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_unpacked_and_every_list_is_there() {
        let known = known();
        assert!(known.places.len() > 10 && known.engines.len() > 10);
        assert!(known.lists["ec2_instance"]["t3"].split(' ').any(|size| size == "micro"));
        assert!(known.engines["mysql"].classes["db.t3"].split(' ').any(|size| size == "micro"));
        for (place, list) in &known.places {
            let service = place.split("::").nth(1).unwrap();
            assert!(SERVICES.contains(&service) && known.lists.contains_key(list), "{place}");
        }
    }

    #[test]
    fn versions_end_and_new_ones_come() {
        let versions = "5.7 5.7.44 8.0 8.0.35 8.4.3";
        for version in ["5.7", "8.0.35", "8.4", "8", "9.1", "8.4.9"] {
            assert!(!has_ended(version, versions), "{version}");
        }
        for version in ["5.6.13", "8.0.12", "foo"] {
            assert!(has_ended(version, versions), "{version}");
        }
        assert!(!has_ended("1", ""));
    }
}
