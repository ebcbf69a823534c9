//! The manual is what the program prints: `snapshots/docs/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use formwork::cli;
use formwork::kinds::KINDS;

use crate::cli::{Ran, formwork};
use crate::codes::blocks;
use crate::memory::{compile, shown};
use crate::snapshots;

fn printed(arguments: &[&str]) -> String {
    let Ran { status, out, err } = formwork(arguments);
    assert_eq!((status, err.as_str()), (0, ""), "{arguments:?}");
    out
}

/// The help of the program and of each of its commands.
fn help() -> String {
    let mut page = format!("# formwork\n\n```text\n{}```\n", printed(&["--help"]));
    for command in cli::command().get_subcommands() {
        let name = command.get_name();
        let text = printed(&[name, "--help"]);
        write!(page, "\n## formwork {name}\n\n```text\n{text}```\n").unwrap();
    }
    page
}

#[test]
fn the_pages_are_what_the_program_prints() {
    let mut files = BTreeMap::new();
    for code in cli::codes() {
        files.insert(format!("{}.md", code.name), printed(&["explain", code.name]));
    }
    for kind in KINDS {
        files.insert(format!("kinds/{}.md", kind.name), printed(&["explain", kind.name]));
    }
    let lists = files.len();
    files.insert("cli.md".to_owned(), help());
    assert_eq!(files.len(), lists + 1, "a finding is called `cli`");
    snapshots::hold("docs", &files);
}

#[test]
fn the_examples_of_a_kind_compile_without_findings() {
    for kind in KINDS {
        let page = printed(&["explain", kind.name]);
        let examples = blocks(&page);
        assert!(!examples.is_empty(), "the page of `{}` has no example", kind.name);
        for example in examples {
            let text = String::from_utf8(example.file()).unwrap();
            assert!(text.contains(&format!("kind: {}", kind.name)), "{text}");
            let compiled = compile(text.as_str());
            assert!(compiled.diagnostics.is_empty(), "{}\n{text}", shown(&compiled));
        }
    }
}

#[test]
fn every_field_of_a_kind_says_what_it_is_for() {
    let mut fields = 0;
    for kind in KINDS {
        let page = printed(&["explain", kind.name]);
        let (_, list) = page.split_once("\n## Fields\n").unwrap();
        let list = list.split("\n## ").next().unwrap();
        for line in list.lines().filter(|line| line.trim_start().starts_with("- `")) {
            let documented = line.trim_end().ends_with(['.', ')', ':']) && line.contains("`: ") || line.contains("): ");
            assert!(documented, "{}: {line}", kind.name);
            fields += 1;
        }
    }
    assert!(fields > 50);
}

/// What the README shows of a first blueprint is so.
#[test]
fn the_blueprint_of_the_readme_makes_what_it_says() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```yaml\n").unwrap();
    let (blueprint, after) = rest.split_once("```").unwrap();
    let compiled = compile(blueprint);
    assert_eq!(shown(&compiled), "");
    let count = compiled.template.unwrap().template().resources.len();
    assert!(after.contains(&format!("This becomes {count} resources")), "{count} resources");
}

/// What the README shows of commands in this folder is what they print; `tests/deploy/newcomer.py` goes the way of those
/// that are run elsewhere.
#[test]
fn the_commands_of_the_readme_print_what_it_shows() {
    let readme = include_str!("../../README.md");
    let mut run = 0;
    for section in readme.split("\n## ").filter(|section| !section.starts_with("From nothing to a stack")) {
        let blocks = section.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
        for step in blocks.flat_map(|block| block.split("$ ")).filter(|step| !step.is_empty()) {
            let (command, shown) = step.split_once('\n').unwrap();
            let words: Vec<&str> = command.strip_prefix("formwork ").expect(command).split(' ').collect();
            assert_eq!(printed(&words), shown, "{command}");
            run += 1;
        }
    }
    assert!(run > 1);
}
