//! The function that runs SQL of Redshift, against a fake that refuses what Redshift refuses.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use formwork::template::sql::{self, Flavor, Lookup};
use serde_json::Value as Json;

use super::kinds_streaming::resources;
use crate::functions::has_python;
use crate::snapshots::{files_below, project};

/// What begins a statement of a blueprint that is not looked into, and why that is right.
const NOT_LOOKED_INTO: &[(&str, &str)] = &[
    ("ALTER DATASHARE", "made by `redshift-share` of names that its schema checked"),
    ("CREATE DATABASE", "made by `redshift-share` of a name that its schema checked"),
    ("CREATE DATASHARE", "made by `redshift-share` of a name that its schema checked"),
    ("DROP DATABASE", "made by `redshift-share` of a name that its schema checked"),
    ("DROP DATASHARE", "made by `redshift-share` of a name that its schema checked"),
    ("GRANT USAGE", "made by `redshift-share` of names that its schema checked"),
    ("REVOKE USAGE", "made by `redshift-share` of names that its schema checked"),
];

/// A step of the function as SQL: what is known only at deployment stands as a name.
fn text(step: &Json) -> Vec<String> {
    let one = |part: &Json| match part.as_str() {
        Some(text) => text.to_owned(),
        None if part.get("Literal").is_some() => "'at deployment'".to_owned(),
        None => "\"at deployment\"".to_owned(),
    };
    match step {
        Json::String(text) => vec![text.clone()],
        Json::Array(parts) => vec![parts.iter().map(one).collect()],
        _ => step["Together"].as_array().into_iter().flatten().flat_map(text).collect(),
    }
}

/// The statements in a template that Redshift runs.
fn statements(template: &Json) -> Vec<String> {
    let mut all = Vec::new();
    for resource in template["Resources"].as_object().unwrap().values() {
        match resource["Type"].as_str().unwrap() {
            "Custom::RedshiftSql" => {
                for object in resource["Properties"]["Objects"].as_array().unwrap() {
                    for list in ["Create", "Drop", "Change"] {
                        all.extend(object[list].as_array().into_iter().flatten().flat_map(text));
                    }
                }
            }
            "AWS::Scheduler::Schedule" => {
                let input = resource["Properties"]["Target"]["Input"].to_string();
                let sql = input.split("\\\"Sql\\\":\\\"").nth(1).and_then(|rest| rest.split("\\\"").next());
                all.extend(sql.map(str::to_owned));
            }
            _ => {}
        }
    }
    all
}

#[test]
fn all_sql_of_the_blueprints_is_read_or_listed_with_its_reason() {
    let mut read = 0;
    let mut listed = BTreeMap::new();
    let templates = project().join("snapshots/templates");
    for path in files_below(&templates)
        .into_iter()
        .filter(|path| Path::new(path).extension().is_some_and(|extension| extension == "json"))
    {
        let text = std::fs::read_to_string(templates.join(&path)).unwrap();
        let template: Json = serde_json::from_str(&text).unwrap();
        for statement in statements(&template) {
            sql::statements(&statement, &|_| Lookup::Open, &mut |change| {
                let head: Vec<&str> = statement.split_whitespace().take(2).collect();
                let head = head.join(" ");
                match change.unread.first() {
                    None => read += 1,
                    Some(_) if NOT_LOOKED_INTO.iter().any(|(known, _)| *known == head) => {
                        *listed.entry(head).or_insert(0) += 1;
                    }
                    Some(unread) => panic!("{path}: {statement}: {}", unread.reason),
                }
            });
        }
    }
    assert!(read > 25, "{read}");
    let known: Vec<&str> = NOT_LOOKED_INTO.iter().map(|(known, _)| *known).collect();
    assert_eq!(listed.keys().map(String::as_str).collect::<Vec<_>>(), known);
}

#[test]
fn every_file_of_sql_beside_a_blueprint_is_read() {
    let folder = project().join("blueprints");
    let files: Vec<String> = files_below(&folder)
        .into_iter()
        .filter(|path| Path::new(path).extension().is_some_and(|extension| extension == "sql"))
        .collect();
    assert!(files.len() > 20);
    for path in files {
        let text = std::fs::read_to_string(folder.join(&path)).unwrap();
        if path.starts_with("redshift-") {
            let mut count = 0;
            sql::statements(&text, &|_| Lookup::Open, &mut |change| {
                count += 1;
                assert_eq!(change.unread, [], "{path}");
            });
            assert_eq!(count, 1, "{path}");
        } else if let Err(unread) = sql::read(&text, Flavor::Athena, &|_| Lookup::Open) {
            panic!("{path}: {}", unread.reason);
        }
    }
}

#[test]
fn the_function_that_runs_sql_makes_changes_and_undoes_what_is_asked_for() {
    if !has_python() {
        return;
    }
    let output = Command::new("python3")
        .args(["-B", "-m", "unittest", "discover", "-s", "tests/redshift"])
        .current_dir(project())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    // As many as there are in the file, so that none is left out.
    let source = std::fs::read_to_string(project().join("tests/redshift/test_runner.py")).unwrap();
    let count = source.matches("    def test_").count();
    assert!(count > 20 && told.contains(&format!("Ran {count} tests")), "{told}");
}

const SHARE: &str = r"
components:
  network: { kind: vpc }
  speed: { kind: redshift-cluster, network: network }
  serving: { kind: redshift-serverless, network: network }
  tables:
    kind: redshift-sql
    in: speed
    statements:
      trips: { create: 'CREATE TABLE IF NOT EXISTS trips (vin varchar(17), miles int)', undo: keep }
      miles: { create: 'CREATE VIEW miles AS SELECT vin, miles FROM trips', undo: DROP VIEW IF EXISTS miles }
  share:
    kind: redshift-share
    from: speed
    after: [tables]
    schemas: { public: { tables: [trips, miles] } }
    to: [{ in: serving }]
";

/// The objects of a share that an update makes anew, by their names.
fn changed(before: &str, after: &str) -> Vec<String> {
    let objects = |text: &str| resources(text)["ShareSql"]["Properties"]["Objects"].as_array().unwrap().clone();
    let (before, after) = (objects(before), objects(after));
    after.iter().filter(|one| !before.contains(one)).map(|one| one["Name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_share_follows_what_is_shared_and_nothing_else() {
    assert_eq!(changed(SHARE, SHARE), Vec::<String>::new());
    // What Redshift takes alike is the same.
    let spaced = SHARE.replace("SELECT vin, miles FROM", "SELECT  vin,miles  FROM");
    assert_eq!(changed(SHARE, &spaced), Vec::<String>::new());
    let another = SHARE.replace("SELECT vin, miles FROM trips", "SELECT vin, miles, 1 AS one FROM trips");
    assert_eq!(changed(SHARE, &another), ["table public.miles in share"]);
    let more = SHARE.replace("tables: [trips, miles]", "tables: [trips]");
    assert_eq!(changed(&more, SHARE), ["table public.miles in share"]);
    assert_eq!(changed(SHARE, &more), Vec::<String>::new());
    let all = SHARE.replace("tables: [trips, miles]", "tables: all");
    let changed_all = all.replace("SELECT vin, miles FROM trips", "SELECT vin FROM trips");
    assert_eq!(changed(&all, &changed_all), ["tables of public in share"]);
}
