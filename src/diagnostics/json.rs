//! Findings for programs: the one object that `check --format json` prints.

use serde::Serialize;

use super::fix::{EditEntry, FixEntry};
use super::{Diagnostic, Severity};
use crate::source::{Sources, Span};

/// The findings of one run; serializes to the documented object.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    diagnostics: Vec<Entry>,
    files: usize,
    errors: usize,
    warnings: usize,
}

#[derive(Debug, Serialize)]
struct Entry {
    code: &'static str,
    severity: &'static str,
    message: String,
    help: Option<String>,
    #[serde(flatten)]
    place: Place,
    path: Option<String>,
    related: Vec<RelatedEntry>,
    /// What `check --fix` does about it.
    fix: Option<FixEntry<Place>>,
}

#[derive(Debug, Serialize)]
struct RelatedEntry {
    message: String,
    #[serde(flatten)]
    place: Place,
}

/// Lines and columns from 1; columns count characters.
#[derive(Debug, Serialize)]
struct Place {
    file: String,
    start: Point,
    end: Point,
}

#[derive(Debug, Serialize)]
struct Point {
    line: usize,
    column: usize,
}

impl Report {
    /// The report of so many files, in which nothing was found yet.
    pub fn new(files: usize) -> Self {
        Self { files, ..Self::default() }
    }

    /// Adds findings that are in their final order.
    pub fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        for diagnostic in diagnostics {
            match diagnostic.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Info => {}
            }
            self.diagnostics.push(Entry {
                code: diagnostic.code.name,
                severity: diagnostic.severity.name(),
                message: diagnostic.message.clone(),
                help: diagnostic.help.clone(),
                place: place(diagnostic.span, sources),
                path: diagnostic.path.clone(),
                related: diagnostic
                    .related
                    .iter()
                    .map(|related| RelatedEntry {
                        message: related.message.clone(),
                        place: place(related.span, sources),
                    })
                    .collect(),
                fix: diagnostic.fix.as_ref().map(|fix| FixEntry {
                    title: fix.title.clone(),
                    edits: fix
                        .edits
                        .iter()
                        .map(|edit| EditEntry { place: place(edit.span, sources), text: edit.text.clone() })
                        .collect(),
                }),
            });
        }
    }
}

fn place(span: Span, sources: &Sources) -> Place {
    let point = |offset| {
        let position = sources.position(span.file, offset);
        Point { line: position.line, column: position.column }
    };
    Place { file: sources.get(span.file).name.clone(), start: point(span.start), end: point(span.end) }
}
