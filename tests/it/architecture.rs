//! The sources keep to the order of the layers, and to what else no compiler checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use formwork::cli;
use formwork::kinds::KINDS;
use regex_lite::Regex;

use crate::snapshots::files_below;

/// The layers: each may use those above it and itself. `ARCHITECTURE.md` says the same.
const LAYERS: &[&str] = &[
    "source",
    "diagnostics",
    "syntax",
    "template",
    "schema",
    "blueprint",
    "kinds",
    "compose",
    "check",
    "contract",
    "trace",
    "compile",
    "cli",
];

/// What the macros of the crate are called, which live at its root.
const MACROS: &[&str] = &["codes", "map"];

/// Lines of code, without comments and tests, that one file may have.
const MOST_LINES: usize = 600;

/// The sources of the program by path, without comments and without tests.
fn sources() -> BTreeMap<String, String> {
    let all: BTreeMap<String, String> = files_below(Path::new("src"))
        .into_iter()
        .filter(|path| Path::new(path).extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let text = fs::read_to_string(format!("src/{path}")).unwrap();
            (path, text)
        })
        .collect();
    assert!(all.len() > 40);
    let mut tests = BTreeSet::new();
    let module = Regex::new(r"#\[cfg\(test\)\]\s*(?:pub(?:\([a-z]+\))? )?mod ([a-z_]+);").unwrap();
    for (path, text) in &all {
        let folder = path.strip_suffix("mod.rs").map_or_else(|| path.replace(".rs", "/"), str::to_owned);
        let folder = if path == "lib.rs" { "" } else { &folder };
        tests.extend(module.captures_iter(text).map(|found| format!("{folder}{}.rs", &found[1])));
    }
    assert!(tests.iter().all(|path| all.contains_key(path)), "{tests:?}");
    all.into_iter().filter(|(path, _)| !tests.contains(path)).map(|(path, text)| (path, code(&text))).collect()
}

/// A source without comments of whole lines, blank lines and modules of tests.
fn code(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.trim().is_empty());
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        // What is attached to it ends with a bracket in the first column, unless it is one line.
        if lines.next().is_some_and(|line| line.ends_with('{')) {
            lines.by_ref().find(|line| *line == "}").expect("the end of a module");
        }
    }
    kept
}

/// The layer that a file belongs to.
fn layer(path: &str) -> Option<usize> {
    let first = path.split('/').next()?;
    LAYERS.iter().position(|layer| *layer == first)
}

/// The names that follow `crate::` in a source, in groups as well.
fn used(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"^[a-z_]+").unwrap();
    let mut found = BTreeSet::new();
    for (at, start) in text.match_indices("crate::") {
        let rest = &text[at + start.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.extend(name.find(rest).map(|name| name.as_str().to_owned()));
            continue;
        };
        let mut depth = 0_usize;
        let mut first = true;
        for (at, character) in group.char_indices() {
            if depth == 0 && first && !character.is_whitespace() {
                found.extend(name.find(&group[at..]).map(|name| name.as_str().to_owned()));
                first = false;
            }
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => first = true,
                _ => {}
            }
        }
    }
    found
}

#[test]
fn a_layer_uses_only_those_above_it() {
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for (path, text) in sources() {
        let Some(own) = layer(&path) else {
            assert!(["lib.rs", "main.rs"].contains(&path.as_str()), "{path} is in no layer");
            continue;
        };
        // Paths to the root of the crate have one form only.
        let depth = path.matches('/').count() + usize::from(!path.ends_with("/mod.rs"));
        assert!(!text.contains(&"super::".repeat(depth)), "{path} leaves its layer by `super::`");
        for name in used(&text) {
            match LAYERS.iter().position(|layer| *layer == name) {
                Some(other) if other <= own => arrows += 1,
                Some(_) => wrong.push(format!("{path} uses {name}, which is below it")),
                None => assert!(MACROS.contains(&name.as_str()), "{path} uses {name}, which is no layer"),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(arrows > 100);
}

#[test]
fn the_names_after_crate_are_found_in_groups_as_well() {
    let text = "use crate::{diagnostics::{Code, Sink}, map};\nlet a = crate::source::Span::START;";
    assert_eq!(used(text).into_iter().collect::<Vec<_>>(), ["diagnostics", "map", "source"]);
    assert_eq!(
        code("// a\nuse b;\n#[cfg(test)]\nmod tests {\n    use c;\n}\n#[cfg(test)]\nmod d;\ne\n"),
        "use b;\ne\n"
    );
}

#[test]
fn the_architecture_page_has_the_layers_in_their_order() {
    let page = fs::read_to_string("ARCHITECTURE.md").unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let layers: Vec<&str> = rows.filter(|name| LAYERS.contains(name)).collect();
    assert_eq!(layers, LAYERS);
}

/// What reads, writes, or differs from run to run.
const OUTSIDE: &[&str] = &[
    r"\bstd::(env|fs|net|process|thread|time)\b",
    r"\bstd::\{[^}]*\b(env|fs|net|process|thread|time)\b",
    r"\bio::(stdin|stdout|stderr)\b",
    r"\be?print(ln)?!",
    r"\b(SystemTime|Instant)\b",
];

#[test]
fn only_the_command_line_reads_and_writes() {
    let outside: Vec<Regex> = OUTSIDE.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
    let mut inside = 0;
    for (path, text) in sources() {
        let found: Vec<&str> = outside.iter().filter_map(|one| one.find(&text)).map(|found| found.as_str()).collect();
        if path == "main.rs" || path.starts_with("cli/") {
            inside += found.len();
        } else {
            assert!(found.is_empty(), "{path} uses {found:?}");
        }
    }
    assert!(inside > 0);
}

#[test]
fn nothing_is_unfinished_or_unsafe() {
    let words = Regex::new(r"\b(unsafe|todo!|unimplemented!|dbg!|FIXME|TODO|XXX)").unwrap();
    for path in files_below(Path::new("src")) {
        let text = fs::read_to_string(format!("src/{path}")).unwrap();
        assert!(words.find(&text).is_none_or(|found| found.as_str() == "unsafe" && path == "lib.rs"), "{path}");
    }
}

#[test]
fn every_file_of_a_kind_is_in_the_list_under_its_name() {
    let files: BTreeSet<String> = sources()
        .into_iter()
        .filter(|(path, text)| path.starts_with("kinds/") && text.contains("static KIND: Kind"))
        .map(|(path, _)| path.split('/').nth(1).unwrap().trim_end_matches(".rs").replace('_', "-"))
        .collect();
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "the kinds are not sorted: {names:?}");
    assert_eq!(names, files.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn every_file_of_a_command_is_a_command() {
    let files: BTreeSet<String> = sources()
        .into_iter()
        .filter(|(path, text)| path.starts_with("cli/") && text.contains("pub struct Arguments"))
        .map(|(path, _)| path.split('/').nth(1).unwrap().trim_end_matches(".rs").replace('_', "-"))
        .collect();
    let command = cli::command();
    let names: BTreeSet<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    assert!(!files.is_empty());
    assert_eq!(names, files);
}

#[test]
fn every_code_that_is_declared_is_a_finding_of_the_program() {
    let declaration = Regex::new(r#"(?m)^ *[A-Z0-9_]+ = (?:Error|Warning|Info) "([^"]+)";$"#).unwrap();
    let mut declared: Vec<String> = Vec::new();
    for text in sources().values() {
        declared.extend(declaration.captures_iter(text).map(|found| found[1].to_owned()));
    }
    declared.sort();
    let names: Vec<&str> = cli::codes().iter().map(|code| code.name).collect();
    assert_eq!(declared, names);
}

#[test]
fn every_file_of_tests_is_run() {
    let files = files_below(Path::new("tests/it"));
    assert!(files.len() > 5);
    for path in files.iter().filter(|path| *path != "main.rs") {
        let name = path.trim_end_matches(".rs").trim_end_matches("/mod");
        let (parent, module) = match name.rsplit_once('/') {
            Some((folder, module)) => (format!("{folder}/mod.rs"), module),
            None => ("main.rs".to_owned(), name),
        };
        let text = fs::read_to_string(Path::new("tests/it").join(&parent)).unwrap();
        assert!(text.lines().any(|line| line == format!("mod {module};")), "{parent} does not name {path}");
    }
}

#[test]
fn no_file_is_too_long_to_be_read() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{path} has {lines} lines of code, at most {MOST_LINES} are allowed");
    }
}
