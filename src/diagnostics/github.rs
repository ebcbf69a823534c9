//! Findings as workflow commands, which GitHub shows at the lines of a pull request.
//!
//! Source: GitHub Docs, "Workflow commands for GitHub Actions", "Setting an error message"; the escapes are those of
//! `@actions/core`.

use std::fmt::Write as _;

use super::{Diagnostic, Severity};
use crate::source::Sources;

/// One finding as one line, ending in a line feed. `file` is the path from the top of the repository.
pub fn command(diagnostic: &Diagnostic, file: &str, sources: &Sources) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let position = |offset| sources.position(diagnostic.span.file, offset);
    let (start, end) = (position(diagnostic.span.start), position(diagnostic.span.end));
    let mut properties = format!("file={},line={},endLine={}", property(file), start.line, end.line);
    // GitHub takes columns only for places on one line.
    if start.line == end.line {
        let _ = write!(properties, ",col={},endColumn={}", start.column, end.column);
    }
    let mut message = diagnostic.message.clone();
    if let Some(path) = &diagnostic.path {
        let _ = write!(message, "\nin the template at {path}");
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    format!("::{level} {properties},title={}::{}\n", property(diagnostic.code.name), data(&message))
}

/// Text after the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends at a comma.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{INTERNAL, Sink};
    use crate::source::Span;

    fn one(start: usize, end: usize, file: &str, message: &str) -> String {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let id = sources.add(file, "a: é\nb: 2\n");
        sink.report(&INTERNAL, Span::new(id, start, end), message).help("100% sure: a, b");
        command(&sink.finish(&sources)[0], file, &sources)
    }

    #[test]
    fn what_means_something_to_github_is_escaped() {
        assert_eq!(
            one(3, 5, "a,b:c%.yaml", "one\r\ntwo"),
            "::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=4,endColumn=5,title=internal-error\
             ::one%0D%0Atwo%0Ahelp: 100%25 sure: a, b\n"
        );
    }

    #[test]
    fn a_place_over_lines_has_no_columns() {
        assert!(one(0, 8, "a.yaml", "x").starts_with("::error file=a.yaml,line=1,endLine=2,title="));
    }
}
