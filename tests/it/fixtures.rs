//! Blueprints and templates under `tests/fixtures/` with what is found in them written below the lines concerned.
//!
//! ```yaml
//!     expires_after_days: 30
//! #   ^^^^^^^^^^^^^^^^^^ error[unknown-property]: unknown property `expires_after_days`
//! #   help: did you mean `expire_after_days`?
//! ```
//!
//! The carets stand below the exact characters. What is found and not written fails, and so does what is written and
//! not found. A line of help may be left out; then any help will do, but there must be one.
//!
//! - `#<^^^` begins in the first column, where the `#` stands; `#<1` is the first character alone.
//! - `^^^…` goes on over further lines.
//! - `|` instead of carets is a place without characters, before the one above it.
//! - `#-2 ^^^` is about the line two further up: a comment inside of a block of text would be part of the text.
//!
//! Files that a blueprint names are written likewise, with `--` for `#`. `UPDATE_SNAPSHOTS=1 cargo test` writes all
//! of these lines anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use formwork::cli::{self, input::Disk};
use formwork::compile::{self, Compiled, Workspace};
use formwork::diagnostics::{Diagnostic, Severity, Sink};
use formwork::kinds::KINDS;
use formwork::source::{Source, Sources};
use formwork::syntax::{self, Data, Dialect, Node};

use crate::snapshots::files_below;

/// Findings that need more than a fixture would show, or settings of a repository; their pages are run.
const WITHOUT_FIXTURE: &[&str] = &[
    "archive-too-large",
    "fixed-severity",
    "forbidden-kind",
    "internal-error",
    "over-limit",
    "required-kind",
    "source-too-large",
    "too-many-rules",
    "unchecked-iot-sql",
    "unchecked-query",
    "unknown-finding",
];

/// Names with which a message may begin.
const NAMES: &[&str] = &[
    "Athena ",
    "CloudFormation ",
    "CloudWatch ",
    "Coralogix ",
    "Dynatrace ",
    "EventBridge ",
    "Firehose ",
    "Glue ",
    "Hive ",
    "Lambda ",
    "QuickSight ",
    "S3 ",
    "Sumo Logic ",
];

/// A finding as it is written below its line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Note {
    /// Line of the place, from 0.
    line: usize,
    /// First column, from 0, in characters.
    start: usize,
    /// One past the last column; `None` where the place goes on over further lines.
    end: Option<usize>,
    /// `error[code]: message`
    text: String,
    help: Option<String>,
}

/// What a text says about itself.
struct Notes {
    notes: Vec<Note>,
    /// The lines that are notes.
    lines: BTreeSet<usize>,
}

/// How comments begin in a file.
fn mark(name: &str) -> &'static str {
    let sql = Path::new(name).extension().is_some_and(|extension| extension == "sql");
    if sql { "--" } else { "#" }
}

impl Notes {
    fn of(source: &Source) -> Self {
        let mut found = Self { notes: Vec::new(), lines: BTreeSet::new() };
        for (at, line) in source.text.lines().enumerate() {
            let Some(comment) = line.strip_prefix(mark(&source.name)) else { continue };
            if let Some(help) = comment.trim_start().strip_prefix("help: ") {
                let last = found.notes.last_mut().filter(|_| found.lines.contains(&(at - 1)));
                last.expect("help without a finding above it").help = Some(help.to_owned());
                found.lines.insert(at);
            } else if let Some(note) = found.note(at, line, comment) {
                found.notes.push(note);
                found.lines.insert(at);
            }
        }
        found
    }

    fn note(&self, at: usize, line: &str, comment: &str) -> Option<Note> {
        let text = ["error[", "warning[", "info["].into_iter().filter_map(|word| line.find(word)).min()?;
        let digits: String = comment.strip_prefix('-').unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
        let up: usize = digits.parse().unwrap_or(0);
        let drawn: Vec<char> = line[..text].chars().collect();
        if let Some(length) = comment.strip_prefix('<').and_then(|rest| rest.split(' ').next()?.parse().ok()) {
            return Some(Note {
                line: self.above(at, 0),
                start: 0,
                end: Some(length),
                text: line[text..].to_owned(),
                help: None,
            });
        }
        let first = drawn.iter().position(|c| matches!(c, '^' | '|'))?;
        let carets = drawn[first..].iter().take_while(|c| **c == '^').count();
        let start = if drawn[..first].contains(&'<') { 0 } else { first };
        let end = (drawn.get(first + carets) != Some(&'…')).then_some(first + carets);
        Some(Note { line: self.above(at, up), start, end, text: line[text..].to_owned(), help: None })
    }

    /// The line so far above another, notes not counted.
    fn above(&self, at: usize, up: usize) -> usize {
        (0..at).rev().filter(|line| !self.lines.contains(line)).nth(up).expect("the line of a finding")
    }

    fn from_finding(finding: &Diagnostic, sources: &Sources) -> Note {
        let position = |offset| sources.position(finding.span.file, offset);
        let (start, end) = (position(finding.span.start), position(finding.span.end));
        Note {
            line: start.line - 1,
            start: start.column - 1,
            end: (start.line == end.line).then_some(end.column - 1),
            text: format!("{}[{}]: {}", finding.severity.name(), finding.code.name, finding.message),
            help: finding.help.clone(),
        }
    }
}

impl Note {
    /// The lines of the note; `width` is that of its line, `up` how far that is above the line over the note.
    fn drawn(&self, mark: &str, width: usize, up: usize) -> String {
        let mut drawn = mark.to_owned();
        if up > 0 {
            write!(drawn, "-{up}").unwrap();
        }
        let taken = drawn.chars().count();
        let end = self.end.unwrap_or(width);
        if self.start == 0 && self.end.is_some_and(|end| end <= taken + 1) {
            write!(drawn, "<{end} {}", self.text).unwrap();
            let help = self.help.as_ref().map_or_else(String::new, |help| format!("{mark} help: {help}\n"));
            return format!("{drawn}\n{help}");
        }
        let start = if self.start < taken {
            assert!(self.start == 0 && up == 0, "there is no room for the note of {self:?}");
            drawn.push('<');
            taken + 1
        } else {
            drawn.push_str(&" ".repeat(self.start - taken));
            self.start
        };
        drawn.push_str(&if self.end == Some(self.start) {
            "|".to_owned()
        } else {
            "^".repeat(end.saturating_sub(start))
        });
        if self.end.is_none() {
            drawn.push('…');
        }
        let indent = " ".repeat(self.start.saturating_sub(mark.len()).max(1));
        let help = self.help.as_ref().map_or_else(String::new, |help| format!("{mark}{indent}help: {help}\n"));
        format!("{drawn} {}\n{help}", self.text)
    }
}

/// Tests run at the top of the project, so that no finding shows where that is.
fn compiled(path: &Path) -> Compiled {
    let shown = path.to_str().unwrap().replace('\\', "/");
    let run = if is_template(path) { compile::check_in } else { compile::compile_in };
    let workspace = Workspace::default().with_info(true);
    let mut compiled = run(&workspace, path, &shown, &Disk, &cli::codes()).unwrap();
    let written: String = compiled.sources.iter().map(|source| source.text.as_str()).collect();
    compiled.diagnostics.retain(|finding| {
        finding.severity < Severity::Info
            || shown.contains(ADVICE)
            || written.contains(&format!("info[{}]", finding.code.name))
    });
    compiled
}

/// The folder of fixtures that show all that is only good to know. Others would be full of it, and show what is written
/// in them already.
const ADVICE: &str = "/advice/";

/// Whether a fixture is a CloudFormation template written by hand.
fn is_template(path: &Path) -> bool {
    [".template.yaml", ".template.json"].iter().any(|end| path.to_string_lossy().ends_with(end))
}

/// The fixtures, sorted.
fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new("tests/fixtures");
    let found: Vec<PathBuf> = files_below(folder)
        .into_iter()
        .filter(|path| {
            path.ends_with(".blueprint.yaml") || path.ends_with(".blueprint.json") || is_template(Path::new(path))
        })
        .map(|path| folder.join(path))
        .collect();
    assert!(found.len() >= 45);
    found
}

/// What is written and not found, and what is found and not written.
fn difference(compiled: &Compiled) -> String {
    let mut shown = String::new();
    for (at, source) in compiled.sources.iter().enumerate() {
        let mut written = Notes::of(source).notes;
        let here = |finding: &&Diagnostic| finding.span.file.index() as usize == at;
        let found = compiled.diagnostics.iter().filter(here);
        let mut unexpected = Vec::new();
        for note in found.map(|finding| Notes::from_finding(finding, &compiled.sources)) {
            let same = |other: &Note| {
                other.help.as_ref().is_none_or(|help| note.help.as_ref() == Some(help))
                    && Note { help: None, ..other.clone() } == Note { help: None, ..note.clone() }
            };
            match written.iter().position(same) {
                Some(at) => drop(written.remove(at)),
                None => unexpected.push(note),
            }
        }
        let all = written.into_iter().map(|note| ('-', note)).chain(unexpected.into_iter().map(|note| ('+', note)));
        let mut all: Vec<(char, Note)> = all.collect();
        all.sort_by_key(|(sign, note)| (note.line, *sign));
        for (sign, note) in all {
            let line = source.text.lines().nth(note.line).unwrap_or_default();
            let drawn = note.drawn("#", line.chars().count(), 0);
            let drawn: String = drawn.lines().fold(String::new(), |all, line| all + &format!("{sign} {line}\n"));
            write!(shown, "{}:{}\n  {line}\n{drawn}", source.name, note.line + 1).unwrap();
        }
    }
    shown
}

/// The first and last line of every text that goes over several lines.
fn long_texts(source: &Source) -> Vec<(usize, usize)> {
    fn walk(node: &Node, sources: &Sources, found: &mut Vec<(usize, usize)>) {
        match &node.data {
            Data::String(_) => {
                let line = |offset| sources.position(node.span.file, offset).line - 1;
                found.push((line(node.span.start), line(node.span.end)));
            }
            Data::List(items) => items.iter().for_each(|item| walk(item, sources, found)),
            Data::Map(entries) => entries.iter().for_each(|entry| walk(&entry.value, sources, found)),
            Data::Null | Data::Bool(_) | Data::Number(_) => {}
        }
    }
    let (mut sources, mut found) = (Sources::default(), Vec::new());
    let file = sources.add(&source.name, &source.text);
    if mark(&source.name) == "#"
        && let Some(root) = syntax::parse(file, &sources, Dialect::Blueprint, &mut Sink::default())
    {
        walk(&root, &sources, &mut found);
    }
    found.retain(|(first, last)| first < last);
    found
}

/// Writes the notes of a source anew.
fn rewrite(source: &Source, findings: &[&Diagnostic], sources: &Sources) {
    let old = Notes::of(source);
    let texts = long_texts(source);
    let lines: Vec<&str> = source.text.lines().collect();
    let notes: Vec<Note> = findings.iter().map(|finding| Notes::from_finding(finding, sources)).collect();
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        if !old.lines.contains(&at) {
            writeln!(text, "{line}").unwrap();
        }
        for note in &notes {
            let text_around = texts.iter().find(|(first, last)| *first <= note.line && note.line < *last);
            let below = text_around.map_or(note.line, |(_, last)| *last);
            if below == at {
                let up = (note.line..below).filter(|line| !old.lines.contains(line)).count();
                text.push_str(&note.drawn(mark(&source.name), lines[note.line].chars().count(), up));
            }
        }
    }
    fs::write(&source.name, text).unwrap();
}

#[test]
fn every_fixture_gives_what_is_written_in_it_and_nothing_else() {
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    let mut differences = String::new();
    for path in fixtures() {
        let compiled = compiled(&path);
        let shown = difference(&compiled);
        if update && !shown.is_empty() {
            for (at, source) in compiled.sources.iter().enumerate() {
                let here = |finding: &&Diagnostic| finding.span.file.index() as usize == at;
                rewrite(source, &compiled.diagnostics.iter().filter(here).collect::<Vec<_>>(), &compiled.sources);
            }
            continue;
        }
        differences.push_str(&shown);
        let errors = compiled.diagnostics.iter().any(|finding| finding.code.severity == Severity::Error);
        let made = !is_template(&path) && !errors && !compiled.is_module;
        assert_eq!(compiled.template.is_some(), made, "{}", path.display());
    }
    assert!(differences.is_empty(), "written but not found (-), found but not written (+):\n{differences}");
}

#[test]
fn every_finding_says_what_to_do_and_none_is_a_mistake_of_formwork() {
    for path in fixtures() {
        for finding in compiled(&path).diagnostics {
            assert!(finding.help.is_some(), "{}: {}", path.display(), finding.message);
            assert_ne!(finding.code.name, "internal-error", "{}: {}", path.display(), finding.message);
        }
    }
}

#[test]
fn messages_are_one_phrase_in_lower_case() {
    let mut seen = 0;
    for path in fixtures() {
        for finding in compiled(&path).diagnostics {
            for text in [Some(&finding.message), finding.help.as_ref()].into_iter().flatten() {
                let named = NAMES.iter().any(|name| text.starts_with(name));
                let lower = named || !text.starts_with(char::is_uppercase);
                let phrase = lower && !text.ends_with('.') && !text.contains('\n');
                assert!(phrase, "{}: {text}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 50);
}

#[test]
fn every_finding_has_a_fixture() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for path in fixtures() {
        seen.extend(compiled(&path).diagnostics.iter().map(|finding| finding.code.name.to_owned()));
    }
    let of_syntax: BTreeSet<&str> = syntax::CODES.iter().map(|code| code.name).collect();
    for code in cli::codes() {
        let exempt = of_syntax.contains(code.name) || WITHOUT_FIXTURE.contains(&code.name);
        assert!(exempt || seen.contains(code.name), "no fixture shows `{}`", code.name);
    }
    for name in WITHOUT_FIXTURE {
        assert!(!seen.contains(*name), "`{name}` has a fixture, so it is no exception");
    }
}

#[test]
fn every_kind_has_a_fixture_without_findings() {
    let clean: String = fixtures()
        .iter()
        .filter(|path| compiled(path).diagnostics.is_empty())
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for kind in KINDS {
        assert!(clean.contains(&format!("kind: {}\n", kind.name)), "no fixture shows `{}` as it should be", kind.name);
    }
}
