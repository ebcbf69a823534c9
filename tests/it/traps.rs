//! One change each of a template without mistakes, and what is found then.
//!
//! Each is a mistake that CloudFormation takes, or that is seen only when data flows. A change that nothing is said of
//! fails the test, and so does a finding that its list does not name.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use serde::Deserialize;

use crate::memory::{Memory, TEMPLATE, shown};

const PIPELINE: &str = "tests/traps/pipeline.template.yaml";
const MUTATIONS: &str = "tests/traps/mutations.yaml";

#[derive(Deserialize)]
struct Mutation {
    trap: String,
    from: String,
    to: String,
    #[serde(default)]
    codes: Vec<String>,
}

fn codes(text: &str) -> Vec<String> {
    let checked = Memory::default().with(TEMPLATE, text).check(TEMPLATE);
    let found: BTreeSet<&str> = checked.diagnostics.iter().map(|finding| finding.code.name).collect();
    found.into_iter().map(ToOwned::to_owned).collect()
}

#[test]
fn the_pipeline_has_no_findings() {
    let text = fs::read_to_string(PIPELINE).unwrap();
    let checked = Memory::default().with(TEMPLATE, text).check(TEMPLATE);
    assert!(checked.diagnostics.is_empty(), "{}", shown(&checked));
}

#[test]
fn every_trap_is_seen() {
    let text = fs::read_to_string(PIPELINE).unwrap();
    let list = fs::read_to_string(MUTATIONS).unwrap();
    let mutations: Vec<Mutation> = serde_yaml::from_str(&list).unwrap();
    assert!(mutations.len() >= 50, "{}", mutations.len());
    let (head, _) = list.split_once("- {").unwrap();
    let mut written = head.to_owned();
    let mut wrong = String::new();
    for Mutation { trap, from, to, codes: expected } in &mutations {
        assert_eq!(text.matches(from.as_str()).count(), 1, "{trap}: {from:?} is not there once");
        let found = codes(&text.replace(from.as_str(), to));
        if found.is_empty() || found != *expected {
            writeln!(wrong, "{trap}: {found:?}, expected {expected:?}").unwrap();
        }
        let json = |text: &str| serde_json::to_string(text).unwrap();
        let (from, to) = (json(from), json(to));
        writeln!(written, "- {{ trap: {trap}, from: {from}, to: {to}, codes: [{}] }}", found.join(", ")).unwrap();
    }
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(MUTATIONS, written).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
}
