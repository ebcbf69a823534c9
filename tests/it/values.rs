//! Values that nobody would give, in the place of each value of the blueprints that use every field of every kind. What the
//! schema lets pass must be what the models can hold: everything else is a mistake of formwork.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use regex_lite::Regex;

use crate::memory::{Memory, shown};
use crate::snapshots::files_below;

/// What each value is replaced by.
const ODD: &[&str] = &[
    "0",
    "-1",
    "3.0",
    "3e2",
    "0.5",
    "2147483648",
    "4294967296",
    "18446744073709551615",
    "1e300",
    "\"\"",
    "x",
    "true",
    "[]",
    "[x]",
    "{}",
    "{a: b}",
    "\"{{ 6 / 2 }}\"",
    "\"{{ [1] }}\"",
    "\"{{ {} }}\"",
    "\"${Unknown}\"",
    "\"${AWS::Region}\"",
    "\"!{timestamp:yyyy}\"",
    "\"\\u0000\"",
    "\"\\U0001F600\"",
    "!!str 3",
    "2026-11-29",
    "~",
];

/// Every so many of them is tried; a number beside it makes a run longer: `FORMWORK_VALUES=1` tries all.
const STRIDE: usize = 40;

#[test]
fn no_value_is_more_than_a_finding() {
    let stride = std::env::var("FORMWORK_VALUES").map_or(STRIDE, |text| text.parse().unwrap());
    let folder = Path::new("tests/checkers/blueprints");
    let files: BTreeMap<String, Vec<u8>> = files_below(folder)
        .into_iter()
        .map(|name| {
            let bytes = fs::read(folder.join(&name)).unwrap();
            (name, bytes)
        })
        .collect();
    // A value of a field or an item, as far as it stands on its line.
    let scalar = Regex::new(r#"(?:[a-z_]: |- |\[|, )([^\s\[\]{},:"'|>]+|"[^"\n]*"|\[[^\[\]\n]*\])"#).unwrap();
    let (mut tried, mut wrong) = (0, Vec::new());
    for name in files.keys().filter(|name| name.ends_with(".blueprint.yaml")) {
        let text = std::str::from_utf8(&files[name]).unwrap();
        let memory = |bytes: Vec<u8>| {
            let mut memory = Memory::default();
            for (path, content) in &files {
                memory = memory.with(path.as_str(), content.clone());
            }
            memory.with(name.as_str(), bytes)
        };
        let places: Vec<_> = scalar.captures_iter(text).map(|found| found.get(1).unwrap().range()).collect();
        for (number, (place, odd)) in
            places.iter().flat_map(|place| ODD.iter().map(move |odd| (place, odd))).enumerate()
        {
            if number % stride != 0 {
                continue;
            }
            let changed = format!("{}{odd}{}", &text[..place.start], &text[place.end..]);
            let compiled = memory(changed.into_bytes()).compile(name);
            if compiled.diagnostics.iter().any(|finding| finding.code.name == "internal-error") {
                let line = text[..place.start].matches('\n').count() + 1;
                wrong.push(format!("{name}:{line}: {odd} for {}\n{}", &text[place.clone()], shown(&compiled)));
            }
            tried += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 100, "{tried}");
}
